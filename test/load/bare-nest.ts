// The contestant of startup.bench.ts: a Nest application that does nothing, with the libraries that the API loads at its start.
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import '@nestjs/passport';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import 'ioredis';
import 'lru-cache';
import 'passport-jwt';
import 'pg';
import 'pino';
import 'prom-client';
import 'rate-limiter-flexible';
import 'typeid-js';
import 'typeorm';
import 'zod';

@Controller()
class Hello {
  @Get()
  say(): string {
    return 'hello';
  }
}

@Module({ controllers: [Hello] })
class Bare {}

const app = await NestFactory.create<NestFastifyApplication>(Bare, new FastifyAdapter(), { logger: false });
await app.listen(0, '127.0.0.1');
process.send?.({ type: 'ready', url: await app.getUrl() });

import { Controller, Get, Headers, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, HttpConfig, Log } from '#platform';
import { IdentityConfig } from '../identity.config.js';
import { ALGORITHMS } from '../keys/algorithms.js';
import { OauthErrorView, OauthRefusal } from '../oauth/oauth-refusal.js';
import { TokenForm } from '../oauth/token-request.js';
import { AnswerTokenRequest } from '../use-cases/answer-token-request.js';

/** RFC 6749, 5.1: the names are the RFC's. */
const TokenView = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.int(),
  /** For a person's program; a service account asks again. */
  refresh_token: z.string().optional(),
  /** For a service account; a person's program reads the token's own claim. */
  scope: z.string().optional(),
  /** With token-exchange (RFC 8693). */
  issued_token_type: z.string().optional(),
});

const MetadataView = z.object({
  issuer: z.string(),
  authorization_endpoint: z.string(),
  device_authorization_endpoint: z.string(),
  token_endpoint: z.string(),
  jwks_uri: z.string(),
  revocation_endpoint: z.string(),
  response_types_supported: z.array(z.string()),
  response_modes_supported: z.array(z.string()),
  code_challenge_methods_supported: z.array(z.string()),
  authorization_response_iss_parameter_supported: z.boolean(),
  grant_types_supported: z.array(z.string()),
  token_endpoint_auth_methods_supported: z.array(z.string()),
  token_endpoint_auth_signing_alg_values_supported: z.array(z.string()),
  revocation_endpoint_auth_methods_supported: z.array(z.string()),
});

/** `none`: a program of a person's keeps no secret. */
const AUTH_METHODS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'];

/** RFC 6749, 3.1.1; RFC 7636, 4.2; RFC 9207, 3. */
const FLOWS = {
  response_types_supported: ['code'],
  response_modes_supported: ['query'],
  code_challenge_methods_supported: ['S256'],
  authorization_response_iss_parameter_supported: true,
};

/** Clients look once in a while; it changes with a release. */
const METADATA_MAX_AGE = 3_600;

/** Where programs get access tokens (RFC 6749), and where they learn how (RFC 8414). */
@Controller()
export class TokenController {
  constructor(
    private readonly answer: AnswerTokenRequest,
    private readonly http: HttpConfig,
    private readonly config: IdentityConfig,
    private readonly log: Log,
  ) {}

  @Post('/oauth/token')
  @Endpoint({
    summary:
      'An access token for a service account, by its API key (client_secret_basic, client_secret_post) or by private_key_jwt; tokens for a person’s program, by code, device code, refresh token or token exchange',
    access: 'public',
    form: true,
    body: TokenForm,
    bodyExample: {
      grant_type: 'client_credentials',
      client_id: 'svc_01k9zq6mwee4rr8q3fjz6c1v2d',
      client_secret: 'gh_key_live_...',
      scope: 'licenses:read',
    },
    output: TokenView,
    example: { access_token: 'eyJhbGci...', token_type: 'Bearer', expires_in: 3_600, scope: 'licenses:read' },
    answers: {
      400: {
        description: 'The request cannot be granted; error says why, in the words of RFC 6749.',
        output: OauthErrorView,
        example: { error: 'invalid_scope', error_description: 'The credential does not have every scope.' },
      },
      401: {
        description: 'The client is not known, or did not authenticate.',
        output: OauthErrorView,
        example: {
          error: 'invalid_client',
          error_description: 'The client is not known, or did not authenticate.',
        },
      },
    },
  })
  async token(
    @CurrentActor() actor: Actor,
    @Headers('authorization') authorization: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    // RFC 6749, 5.1; Cache-Control stands on every answer of ours.
    void reply.header('pragma', 'no-cache');
    try {
      return await this.answer.execute(actor, authorization, request.body);
    } catch (refusal) {
      if (!(refusal instanceof OauthRefusal)) throw refusal;
      const { error, status, reason, view } = refusal;
      this.log.info({ trace_id: request.id, error, cause: reason }, 'A token was refused.');
      void reply.status(status);
      if (status === 401) void reply.header('www-authenticate', 'Basic realm="gatehouse"');
      return view;
    }
  }

  @Get('/.well-known/oauth-authorization-server')
  @Endpoint({
    summary: 'What of OAuth there is, and where (RFC 8414)',
    access: 'public',
    budget: 'open',
    output: MetadataView,
    example: {
      issuer: 'https://gatehouse.example.com',
      authorization_endpoint: 'https://gatehouse.example.com/oauth/authorize',
      device_authorization_endpoint: 'https://gatehouse.example.com/oauth/device_authorization',
      token_endpoint: 'https://gatehouse.example.com/oauth/token',
      jwks_uri: 'https://gatehouse.example.com/.well-known/jwks.json',
      revocation_endpoint: 'https://gatehouse.example.com/oauth/revoke',
      ...FLOWS,
      grant_types_supported: [
        'client_credentials',
        'authorization_code',
        'urn:ietf:params:oauth:grant-type:device_code',
        'refresh_token',
        'urn:ietf:params:oauth:grant-type:token-exchange',
      ],
      token_endpoint_auth_methods_supported: AUTH_METHODS,
      token_endpoint_auth_signing_alg_values_supported: ['RS256', 'ES256', 'EdDSA'],
      revocation_endpoint_auth_methods_supported: ['none'],
    },
  })
  metadata(@Res({ passthrough: true }) reply: FastifyReply): z.input<typeof MetadataView> {
    void reply.header('cache-control', `public, max-age=${METADATA_MAX_AGE}`);
    const { baseUrl } = this.http;
    return {
      issuer: this.config.issuer ?? baseUrl,
      authorization_endpoint: `${baseUrl}/oauth/authorize`,
      device_authorization_endpoint: `${baseUrl}/oauth/device_authorization`,
      token_endpoint: `${baseUrl}/oauth/token`,
      jwks_uri: `${baseUrl}/.well-known/jwks.json`,
      revocation_endpoint: `${baseUrl}/oauth/revoke`,
      ...FLOWS,
      grant_types_supported: this.answer.grantTypes,
      token_endpoint_auth_methods_supported: AUTH_METHODS,
      token_endpoint_auth_signing_alg_values_supported: [...ALGORITHMS],
      revocation_endpoint_auth_methods_supported: ['none'],
    };
  }
}

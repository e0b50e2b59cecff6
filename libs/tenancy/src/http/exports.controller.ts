import { Readable } from 'node:stream';
import { Controller, Delete, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, idOf, stepUp, wire } from '#platform';
import { type Download, DownloadExport } from '../exports/download-export.js';
import { ExportParams, type TenantExport } from '../exports/export-record.js';
import { ReadExports, ReadExportsInput } from '../exports/read-exports.js';
import { RequestExport } from '../exports/request-export.js';

const ExportView = z.object({
  id: idOf('exp'),
  status: z.enum(['queued', 'running', 'ready', 'failed']),
  progress: z.object({ done: z.int(), total: z.int().nullable() }),
  askedBy: idOf('usr'),
  askedAt: z.date(),
  size: z.int().nullable(),
  sha256: z.string().nullable(),
  failure: z.enum(['TOO_LARGE', 'INTERNAL', 'REMOVED']).nullable(),
  endedAt: z.date().nullable(),
  expiresAt: z.date().nullable(),
});
const ExportsView = z.object({ data: z.array(ExportView), nextCursor: z.string().nullable() });
const FileView = z.string().meta({ format: 'binary' });
const RemovedView = z.object({ status: z.literal('removed') });

const EXAMPLE = {
  id: 'exp_01k9zq6mwee4rr8q3fjz6c1v2d',
  status: 'ready',
  progress: { done: 1204, total: 1204 },
  asked_by: 'usr_01k9zq6mwee4rr8q3fjz6c1v2d',
  asked_at: '2026-11-22T10:15:30.000Z',
  size: 48213,
  sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  failure: null,
  ended_at: '2026-11-22T10:15:34.000Z',
  expires_at: '2026-11-29T10:15:34.000Z',
};
const QUEUED = {
  ...EXAMPLE,
  status: 'queued',
  progress: { done: 0, total: null },
  ...{ size: null, sha256: null, ended_at: null, expires_at: null },
};

@Controller('/api/v1/tenant/exports')
export class ExportsController {
  constructor(
    private readonly requestExport: RequestExport,
    private readonly readExports: ReadExports,
    private readonly downloadExport: DownloadExport,
  ) {}

  @Post()
  @Endpoint({
    summary: 'Ask for a file of everything that the organisation owns; a mail says when it is there',
    access: 'bearer',
    status: 202,
    output: ExportView,
    example: QUEUED,
    stepUp: stepUp('tenant:export'),
    idempotent: 'plain',
    refusals: {
      forbidden: ['MISSING_SCOPE'],
      conflict: ['EXPORT_RUNNING'],
      too_many: ['EXPORT_LIMIT_REACHED'],
    },
  })
  async request(@CurrentActor() actor: Actor): Promise<z.input<typeof ExportView>> {
    return viewOf(await this.requestExport.execute(actor));
  }

  @Get()
  @Endpoint({
    summary: 'The exports of the organisation that are there or under way, the newest first',
    access: 'bearer',
    output: ExportsView,
    example: { data: [EXAMPLE], next_cursor: null },
    refusals: { forbidden: ['MISSING_SCOPE'] },
  })
  async list(
    @CurrentActor() actor: Actor,
    @Query({ schema: wire(ReadExportsInput) }) input: z.output<typeof ReadExportsInput>,
  ): Promise<z.input<typeof ExportsView>> {
    const { data, nextCursor } = await this.readExports.list(actor, input);
    return { data: data.map(viewOf), nextCursor };
  }

  @Get('/:export_id')
  @Endpoint({
    summary: 'How far an export is',
    access: 'bearer',
    output: ExportView,
    example: EXAMPLE,
    refusals: { forbidden: ['MISSING_SCOPE'], not_found: ['NOT_FOUND'] },
  })
  async one(
    @CurrentActor() actor: Actor,
    @Param({ schema: wire(ExportParams) }) { exportId }: z.output<typeof ExportParams>,
  ): Promise<z.input<typeof ExportView>> {
    return viewOf(await this.readExports.one(actor, exportId));
  }

  @Get('/:export_id/file')
  @Endpoint({
    summary: 'The file: JSON Lines, gzipped; goes on where it broke off by the header Range',
    access: 'bearer',
    stepUp: stepUp('tenant:export'),
    produces: 'application/gzip',
    output: FileView,
    example: '(bytes)',
    answers: { 206: { description: 'The part that Range asks for.', output: FileView, example: '(bytes)' } },
    refusals: {
      forbidden: ['MISSING_SCOPE'],
      not_found: ['NOT_FOUND'],
      conflict: ['EXPORT_NOT_READY'],
    },
  })
  async file(
    @CurrentActor() actor: Actor,
    @Param({ schema: wire(ExportParams) }) { exportId }: z.output<typeof ExportParams>,
    @Req() { headers }: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const ifRange = headers['if-range']?.toString();
    const download = await this.downloadExport.execute(actor, { exportId, range: headers.range, ifRange });
    await reply
      .status(download.part ? 206 : 200)
      .headers(headersOf(download))
      .send(Readable.from(download.bytes));
  }

  @Delete('/:export_id')
  @Endpoint({
    summary: 'Take an export away, also one that is being made',
    access: 'bearer',
    output: RemovedView,
    example: { status: 'removed' },
    refusals: { forbidden: ['MISSING_SCOPE'], not_found: ['NOT_FOUND'] },
  })
  async remove(
    @CurrentActor() actor: Actor,
    @Param({ schema: wire(ExportParams) }) { exportId }: z.output<typeof ExportParams>,
  ): Promise<z.input<typeof RemovedView>> {
    await this.readExports.remove(actor, exportId);
    return { status: 'removed' };
  }
}

const viewOf = ({ done, total, ...one }: TenantExport): z.input<typeof ExportView> => ({
  ...one,
  progress: { done, total },
});

function headersOf({ size, sha256, askedAt, part }: Download): Record<string, string> {
  const { from, end } = part ?? { from: 0, end: size };
  return {
    'content-type': 'application/gzip',
    'content-disposition': `attachment; filename="organisation-${askedAt.toISOString().slice(0, 10)}.jsonl.gz"`,
    'content-length': String(end - from),
    'accept-ranges': 'bytes',
    etag: `"${sha256}"`,
    ...(part ? { 'content-range': `bytes ${from}-${end - 1}/${size}` } : {}),
  };
}

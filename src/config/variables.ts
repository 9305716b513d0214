import { z } from 'zod';

const address = z.url({ protocol: /^https?$/ }).optional();
const flag = z.enum(['true', 'false']).default('false');
const text = z.string().optional();
/** 0: for ever. */
const days = z.coerce.number().int().min(0).max(36_500).default(0);
const tasks = z.coerce.number().int().min(1).max(100_000);

/**
 * Every variable of the environment with its default, in the order of `.env.example`, which is tested against it. An empty
 * variable counts as not set.
 */
export const variables = {
  PORT: z.coerce.number().int().min(0).max(65_535).default(4000),
  HOST: z.string().default('127.0.0.1'),
  PUBLIC_URL: address,
  CORS_ORIGINS: z.string().default('http://localhost:3000,http://localhost:5173,http://localhost:8080'),
  WEBHOOK_URL: address,
  DARKROOM_DATA: z.string().default('.darkroom'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  ROLE: z.enum(['all', 'api', 'poller']).default('all'),
  DISK_RESERVE_MB: z.coerce.number().int().min(0).max(1_000_000).default(512),
  KEEP_GENERATIONS_DAYS: days,
  KEEP_EVENTS_DAYS: days,
  KEEP_IMAGES_DAYS: days,
  IMAGE_QUOTA_MB: z.coerce.number().int().min(0).max(1_000_000_000).default(0),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
  GENERATION_DEADLINE_SECONDS: z.coerce.number().int().min(1).max(86_400).default(1_800),
  UNCONFIRMED_SECONDS: z.coerce.number().int().min(1).max(86_400).default(900),
  SUBMIT_TIMEOUT_SECONDS: z.coerce.number().int().min(1).max(600).default(60),
  ACCOUNT_PROBE_SECONDS: z.coerce.number().int().min(1).max(3_600).default(15),
  LOOK_DELAY_MS: z.coerce.number().int().min(25).max(3_600_000).default(250),
  EVENTS_REPLAY_HOURS: z.coerce.number().min(0.001).max(8_760).default(72),
  BFL_API_KEY: text,
  BFL_API_KEY_FILE: text,
  BFL_BASE_URL: address,
  BFL_ALLOW_HTTP: flag,
  BFL_HOSTS: z.string().default('.bfl.ai'),
  BFL_WEBHOOKS: flag,
  BFL_ACTIVE_TASKS: tasks.default(24),
  COMETAPI_API_KEY: text,
  COMETAPI_API_KEY_FILE: text,
  COMETAPI_BASE_URL: address,
  COMETAPI_ALLOW_HTTP: flag,
  COMETAPI_HOSTS: z.string().default('.cometapi.com,.bfl.ai'),
  COMETAPI_AUTH_HEADER: z.string().default('Authorization: Bearer'),
  COMETAPI_WEBHOOKS: flag,
  COMETAPI_ACTIVE_TASKS: tasks.default(24),
  FAL_KEY: text,
  FAL_KEY_FILE: text,
  FAL_BASE_URL: address,
  FAL_ALLOW_HTTP: flag,
  FAL_HOSTS: z.string().default('.fal.run,.fal.media,.fal.ai'),
  FAL_WEBHOOKS: flag,
  FAL_ACTIVE_TASKS: tasks.default(10),
  REPLICATE_API_TOKEN: text,
  REPLICATE_API_TOKEN_FILE: text,
  REPLICATE_BASE_URL: address,
  REPLICATE_ALLOW_HTTP: flag,
  REPLICATE_HOSTS: z.string().default('.replicate.com,.replicate.delivery'),
  REPLICATE_WEBHOOKS: flag,
  REPLICATE_WEBHOOK_SECRET: text,
  REPLICATE_ACTIVE_TASKS: tasks.default(24),
  COMFYUI_BASE_URL: address,
  COMFYUI_ALLOW_HTTP: flag,
  COMFYUI_API_KEY: text,
  COMFYUI_API_KEY_FILE: text,
  COMFYUI_AUTH_HEADER: z.string().default('Authorization: Bearer'),
  COMFYUI_WORKFLOWS: text,
  COMFYUI_ACTIVE_TASKS: tasks.default(2),
  ACCOUNTS_FILE: text,
  MODELS_FILE: text,
  SANDBOX_URL: address,
  SANDBOX_PORT: z.coerce.number().int().min(0).max(65_535).default(4100),
  SANDBOX_TIME_SCALE: z.coerce.number().min(0.01).max(100_000).default(2),
} as const;

export const variablesSchema = z.object(variables);
export type Variables = z.infer<typeof variablesSchema>;

/** The environment as a process has it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/* eslint-disable */
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
export type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
export type MakeOptional<T, K extends keyof T> = Omit<T, K> & { [SubKey in K]?: Maybe<T[SubKey]> };
export type MakeMaybe<T, K extends keyof T> = Omit<T, K> & { [SubKey in K]: Maybe<T[SubKey]> };
export type MakeEmpty<T extends { [key: string]: unknown }, K extends keyof T> = { [_ in K]?: never };
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string };
  String: { input: string; output: string };
  Boolean: { input: boolean; output: boolean };
  Int: { input: number; output: number };
  Float: { input: number; output: number };
  /** A date-time string at UTC, such as 2007-12-03T10:15:30Z, compliant with the `date-time` format outlined in section 5.6 of the RFC 3339 profile of the ISO 8601 standard for representation of dates and times using the Gregorian calendar.This scalar is serialized to a string in ISO 8601 format and parsed from a string in ISO 8601 format. */
  DateTimeISO: { input: string; output: string };
  /** The `JSON` scalar type represents JSON values as specified by [ECMA-404](http://www.ecma-international.org/publications/files/ECMA-ST/ECMA-404.pdf). */
  JSON: { input: unknown; output: unknown };
  /** A whole number from -(2^53 - 1) to 2^53 - 1, the range that JSON numbers keep exactly. */
  SafeInt: { input: number; output: number };
};

/** Which profile to archive or bring back. */
export type ArchiveProfileInput = {
  /** False brings it back. */
  archived?: Scalars['Boolean']['input'];
  /** The profile. */
  id: Scalars['ID']['input'];
};

/** Where one submit to a provider stands. */
export type AttemptState =
  /** The provider has named its task. */
  | 'ACCEPTED'
  /** The provider is done with it, whatever the outcome. Final. */
  | 'DONE'
  /** The intent is recorded; nothing has been sent. */
  | 'INTENDED'
  /** Nobody will ever know, or the provider no longer knows the task. Final. */
  | 'LOST'
  /** Certainly not accepted by the provider. Final. */
  | 'REFUSED'
  /** The request may have left; no answer so far. */
  | 'SENT';

/** What varies along an axis of a sweep. */
export type AxisName =
  /** High threshold of the edges. */
  | 'cannyHighThreshold'
  /** Low threshold of the edges. */
  | 'cannyLowThreshold'
  /** Both thresholds of the edges together. */
  | 'cannyThresholds'
  /** Influence of the finetune. */
  | 'finetuneStrength'
  /** How closely the prompt is followed. */
  | 'guidance'
  /** The prompt. */
  | 'prompt'
  /** The seed. */
  | 'seed'
  /** Number of steps. */
  | 'steps';

/** A direction of a sweep’s grid. */
export type AxisPlace =
  /** From left to right. */
  | 'columns'
  /** One grid below the other. */
  | 'pages'
  /** From top to bottom. */
  | 'rows';

/** Tells what a finetune is called at a provider; replaces the binding there. */
export type BindProfileInput = {
  /** Before the profile's defaults, at this provider. */
  defaults?: InputMaybe<ParametersInput>;
  /** The provider's own id of the finetune, 1 to 200 characters. This, loraUrl or both. */
  finetuneId?: InputMaybe<Scalars['String']['input']>;
  /** Where the LoRA's weights are: an https address, or a name that the provider understands such as owner/name at Hugging Face, 1 to 2,000 characters. Its scale is the default finetuneStrength. */
  loraUrl?: InputMaybe<Scalars['String']['input']>;
  /** The profile. */
  profileId: Scalars['ID']['input'];
  /** The provider, e.g. bfl. */
  provider: Scalars['String']['input'];
  /** Instead of the profile's trigger word, at this provider. */
  triggerWord?: InputMaybe<Scalars['String']['input']>;
};

/** Whether a binding can work. */
export type BindingVerdict =
  /** The provider says that it has no such thing. */
  | 'INVALID'
  /** Nothing that is free could tell. */
  | 'UNKNOWN'
  /** The provider has it. */
  | 'VALID';

/** Both thresholds of the edges. */
export type CannyThresholdsInput = {
  /** High threshold, 0 to 500, not below low. */
  high: Scalars['Int']['input'];
  /** Low threshold, 0 to 500. */
  low: Scalars['Int']['input'];
};

/** Which binding to check. */
export type CheckBindingInput = {
  /** The account to ask; left out: the first that your project may use. */
  account?: InputMaybe<Scalars['ID']['input']>;
  /** The profile. */
  profileId: Scalars['ID']['input'];
  /** The provider whose binding is checked. */
  provider: Scalars['String']['input'];
};

/** What holds the picture's structure. */
export type ControlKind =
  /** The edges of a control image. */
  | 'CANNY'
  /** The depth of a control image. */
  | 'DEPTH'
  /** An image of which a part is repainted. */
  | 'FILL'
  /** The prompt alone. */
  | 'NONE';

/** A new finetune profile. */
export type CreateProfileInput = {
  /** Parameters to use where a request gives none. */
  defaults?: InputMaybe<ParametersInput>;
  /** At most 2,000 characters. */
  description?: InputMaybe<Scalars['String']['input']>;
  /** 1 to 200 characters. */
  name: Scalars['String']['input'];
  /** 1 to 64 lower-case letters, digits and inner hyphens; unique in the project. */
  slug: Scalars['String']['input'];
  /** 1 to 100 characters; put in front of prompts that lack it. */
  triggerWord?: InputMaybe<Scalars['String']['input']>;
};

/** Which generations to erase: exactly one of filter, subject and ids. */
export type EraseGenerationsInput = {
  /** True: only tell what it would come to. */
  dryRun?: Scalars['Boolean']['input'];
  /** Those that match now. An empty filter is refused: everything is asked for by createdTo. */
  filter?: InputMaybe<GenerationFilter>;
  /** Up to 200 characters: the same key with the same request gives the same erasure for 24 hours. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** 1 to 100 generations. */
  ids?: InputMaybe<Array<Scalars['ID']['input']>>;
  /** True: tags stay, to be counted by. Only where they name nobody. */
  keepTags?: Scalars['Boolean']['input'];
  /** All of this person, as the generations name them. */
  subject?: InputMaybe<Scalars['String']['input']>;
};

/** Where an erasure stands. */
export type ErasureStatus =
  /** All is gone that was to go, and the receipt is final. */
  | 'FINISHED'
  /** Accepted; it begins within seconds. */
  | 'QUEUED'
  /** Being done. It waits for what a provider still runs, as `waiting` tells. */
  | 'RUNNING';

/** What the mutations take, for any control kind: the same object can be sent to both. Prompt, tags, deadline and key are not looked at, and of images only that they are given. */
export type EstimateInput = {
  /** As in the mutation of the control kind. */
  aspectRatio?: InputMaybe<Scalars['String']['input']>;
  /** As in the mutation of the control kind. */
  cannyHighThreshold?: InputMaybe<Scalars['Int']['input']>;
  /** As in the mutation of the control kind. */
  cannyLowThreshold?: InputMaybe<Scalars['Int']['input']>;
  /** With CANNY and DEPTH: the control image. */
  controlImage?: InputMaybe<ImageInput>;
  /** Seconds from now until it fails by itself, 1 to 86,400. Default: as the operator has set it (1,800). */
  deadlineSeconds?: InputMaybe<Scalars['Int']['input']>;
  /** Influence of the finetune, 0 to 2. Default 1.1 (ultra: 1.2). */
  finetuneStrength?: InputMaybe<Scalars['Float']['input']>;
  /** As in the mutation of the control kind. */
  guidance?: InputMaybe<Scalars['Float']['input']>;
  /** As in the mutation of the control kind. */
  height?: InputMaybe<Scalars['Int']['input']>;
  /** Up to 200 characters of your own choice. The same key with the same request gives the same generation for 24 hours, however often it is sent; with another request it is refused. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** With FILL: the image to repaint. */
  image?: InputMaybe<ImageInput>;
  /** With NONE: a picture to take after. */
  imagePrompt?: InputMaybe<ImageInput>;
  /** As in the mutation of the control kind. */
  imagePromptStrength?: InputMaybe<Scalars['Float']['input']>;
  /** With FILL: what to repaint of it. */
  mask?: InputMaybe<ImageInput>;
  /** Use this model only, e.g. bfl/flux-pro-finetuned. Its own ranges then hold, and nothing is brought near. */
  model?: InputMaybe<Scalars['String']['input']>;
  /** File format. Default jpeg; webp only on FLUX.2 models. */
  outputFormat?: InputMaybe<OutputFormat>;
  /** -100 to 100, default 0: higher goes first among your project's own waiting generations. */
  priority?: InputMaybe<Scalars['Int']['input']>;
  /** The finetune profile to use. */
  profileId: Scalars['ID']['input'];
  /** What to draw, 1 to 10,000 characters. The finetune's trigger word is put in front when it is missing. */
  prompt: Scalars['String']['input'];
  /** Whether the provider may rewrite the prompt. Default false. */
  promptUpsampling?: InputMaybe<Scalars['Boolean']['input']>;
  /** Use this provider only, e.g. bfl. */
  provider?: InputMaybe<Scalars['String']['input']>;
  /** Moderation, 0 strictest to 6 loosest. Default 2. */
  safetyTolerance?: InputMaybe<Scalars['Int']['input']>;
  /** The same request with the same seed gives the same picture. */
  seed?: InputMaybe<Scalars['SafeInt']['input']>;
  /** As in the mutation of the control kind. */
  steps?: InputMaybe<Scalars['Int']['input']>;
  /** True: what the route cannot honour exactly is refused. Default false: it is sent as near as the route takes it, and adjustments says so. */
  strict?: InputMaybe<Scalars['Boolean']['input']>;
  /** Whose it is: your own id of a person, 1 to 200 characters, best one that means nothing to others. It is found by it, and eraseGenerations erases all that a person had. */
  subject?: InputMaybe<Scalars['String']['input']>;
  /** At most 20, each 1 to 64 characters. */
  tags?: InputMaybe<Array<Scalars['String']['input']>>;
  /** As in the mutation of the control kind. */
  width?: InputMaybe<Scalars['Int']['input']>;
};

/** What is to be known before a request is made. */
export type EstimateWarningCode =
  /** The account takes no submits at present; the generation would wait. */
  | 'ACCOUNT_PAUSED'
  /** The route cannot honour the request exactly. */
  | 'ADJUSTED'
  /** Most submits of the model failed lately. */
  | 'AILING'
  /** The end of the model is announced. */
  | 'DEPRECATED'
  /** Darkroom's disk is nearly full: a request would be refused now. */
  | 'LOW_DISK'
  /** Nothing of this model and size has finished here: how long it takes is not known. */
  | 'NO_FORECAST'
  /** No price is known: it may cost anything. */
  | 'NO_PRICE'
  /** The provider answered as if it had no such model any more. */
  | 'SEEMINGLY_RETIRED';

/** Why a stream of events ended, and how to go on. */
export type EventsEndReason =
  /** What was missed can no longer be told. Subscribe again without `after`, for a new snapshot. */
  | 'CURSOR_TOO_OLD'
  /** This process stops. Connect again and subscribe with `after`: nothing is missed. */
  | 'STOPPING'
  /** Too many events waited to be read. Subscribe again with `after`: nothing is missed. */
  | 'TOO_SLOW';

/** How an export is written. */
export type ExportFormat =
  /** RFC 4180 with a header, safe to open in a spreadsheet. */
  | 'CSV'
  /** A line of JSON for each generation. */
  | 'NDJSON'
  /** Parquet with ZSTD, for DuckDB, ClickHouse and the like. */
  | 'PARQUET';

/** What to export, and how; docs/exports.md has the columns. */
export type ExportGenerationsInput = {
  /** Begin CSV with a byte order mark, by which Excel knows UTF-8. */
  bom?: Scalars['Boolean']['input'];
  /** Only these columns, in this order; left out: all. */
  columns?: InputMaybe<Array<Scalars['String']['input']>>;
  /** Which generations; left out: all of your project. */
  filter?: InputMaybe<GenerationFilter>;
  /** How it is written. */
  format: ExportFormat;
  /** One file, or one for each month or day, at most 400 in all. */
  partitionBy?: ExportPartition;
  /** Words of the prompt, as in `generations`. */
  search?: InputMaybe<Scalars['String']['input']>;
};

/** Into how many files an export goes. */
export type ExportPartition =
  /** One for each day (UTC) in which something was accepted: project=demo/day=2026-11-21/…. */
  | 'DAY'
  /** One for each month (UTC) in which something was accepted: project=demo/month=2026-11/…. */
  | 'MONTH'
  /** One. */
  | 'NONE';

/** Where an export stands. */
export type ExportStatus =
  /** Could not be made; `errorCode` and `errorMessage` say why. */
  | 'FAILED'
  /** Waits to be made. */
  | 'QUEUED'
  /** Its files can be fetched until it expires. */
  | 'READY'
  /** Is being made. */
  | 'RUNNING';

/** How a model is told of a finetune. */
export type FinetuneKind =
  /** By the provider’s own id: finetuneId of a binding. */
  | 'ID'
  /** By where its weights are: loraUrl of a binding. */
  | 'LORA'
  /** Not at all; any binding says no more than that the profile may go there. */
  | 'NONE';

/** A picture that follows a control image's edges. */
export type GenerateFromCannyInput = {
  /** High threshold of the edges, 0 to 500, not below low. Default 200. */
  cannyHighThreshold?: InputMaybe<Scalars['Int']['input']>;
  /** Low threshold of the edges, 0 to 500. Default 50. */
  cannyLowThreshold?: InputMaybe<Scalars['Int']['input']>;
  /** The image whose edges are followed. */
  controlImage: ImageInput;
  /** Seconds from now until it fails by itself, 1 to 86,400. Default: as the operator has set it (1,800). */
  deadlineSeconds?: InputMaybe<Scalars['Int']['input']>;
  /** Influence of the finetune, 0 to 2. Default 1.1 (ultra: 1.2). */
  finetuneStrength?: InputMaybe<Scalars['Float']['input']>;
  /** How closely the prompt is followed, 1 to 100. Default 30. */
  guidance?: InputMaybe<Scalars['Float']['input']>;
  /** Up to 200 characters of your own choice. The same key with the same request gives the same generation for 24 hours, however often it is sent; with another request it is refused. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** Use this model only, e.g. bfl/flux-pro-finetuned. Its own ranges then hold, and nothing is brought near. */
  model?: InputMaybe<Scalars['String']['input']>;
  /** File format. Default jpeg; webp only on FLUX.2 models. */
  outputFormat?: InputMaybe<OutputFormat>;
  /** -100 to 100, default 0: higher goes first among your project's own waiting generations. */
  priority?: InputMaybe<Scalars['Int']['input']>;
  /** The finetune profile to use. */
  profileId: Scalars['ID']['input'];
  /** What to draw, 1 to 10,000 characters. The finetune's trigger word is put in front when it is missing. */
  prompt: Scalars['String']['input'];
  /** Whether the provider may rewrite the prompt. Default false. */
  promptUpsampling?: InputMaybe<Scalars['Boolean']['input']>;
  /** Use this provider only, e.g. bfl. */
  provider?: InputMaybe<Scalars['String']['input']>;
  /** Moderation, 0 strictest to 6 loosest. Default 2. */
  safetyTolerance?: InputMaybe<Scalars['Int']['input']>;
  /** The same request with the same seed gives the same picture. */
  seed?: InputMaybe<Scalars['SafeInt']['input']>;
  /** 15 to 50. Default 50. */
  steps?: InputMaybe<Scalars['Int']['input']>;
  /** True: what the route cannot honour exactly is refused. Default false: it is sent as near as the route takes it, and adjustments says so. */
  strict?: InputMaybe<Scalars['Boolean']['input']>;
  /** Whose it is: your own id of a person, 1 to 200 characters, best one that means nothing to others. It is found by it, and eraseGenerations erases all that a person had. */
  subject?: InputMaybe<Scalars['String']['input']>;
  /** At most 20, each 1 to 64 characters. */
  tags?: InputMaybe<Array<Scalars['String']['input']>>;
};

/** A picture that follows a control image's depth. */
export type GenerateFromDepthInput = {
  /** The image whose depth is followed. */
  controlImage: ImageInput;
  /** Seconds from now until it fails by itself, 1 to 86,400. Default: as the operator has set it (1,800). */
  deadlineSeconds?: InputMaybe<Scalars['Int']['input']>;
  /** Influence of the finetune, 0 to 2. Default 1.1 (ultra: 1.2). */
  finetuneStrength?: InputMaybe<Scalars['Float']['input']>;
  /** How closely the prompt is followed, 1 to 100. Default 15. */
  guidance?: InputMaybe<Scalars['Float']['input']>;
  /** Up to 200 characters of your own choice. The same key with the same request gives the same generation for 24 hours, however often it is sent; with another request it is refused. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** Use this model only, e.g. bfl/flux-pro-finetuned. Its own ranges then hold, and nothing is brought near. */
  model?: InputMaybe<Scalars['String']['input']>;
  /** File format. Default jpeg; webp only on FLUX.2 models. */
  outputFormat?: InputMaybe<OutputFormat>;
  /** -100 to 100, default 0: higher goes first among your project's own waiting generations. */
  priority?: InputMaybe<Scalars['Int']['input']>;
  /** The finetune profile to use. */
  profileId: Scalars['ID']['input'];
  /** What to draw, 1 to 10,000 characters. The finetune's trigger word is put in front when it is missing. */
  prompt: Scalars['String']['input'];
  /** Whether the provider may rewrite the prompt. Default false. */
  promptUpsampling?: InputMaybe<Scalars['Boolean']['input']>;
  /** Use this provider only, e.g. bfl. */
  provider?: InputMaybe<Scalars['String']['input']>;
  /** Moderation, 0 strictest to 6 loosest. Default 2. */
  safetyTolerance?: InputMaybe<Scalars['Int']['input']>;
  /** The same request with the same seed gives the same picture. */
  seed?: InputMaybe<Scalars['SafeInt']['input']>;
  /** 15 to 50. Default 50. */
  steps?: InputMaybe<Scalars['Int']['input']>;
  /** True: what the route cannot honour exactly is refused. Default false: it is sent as near as the route takes it, and adjustments says so. */
  strict?: InputMaybe<Scalars['Boolean']['input']>;
  /** Whose it is: your own id of a person, 1 to 200 characters, best one that means nothing to others. It is found by it, and eraseGenerations erases all that a person had. */
  subject?: InputMaybe<Scalars['String']['input']>;
  /** At most 20, each 1 to 64 characters. */
  tags?: InputMaybe<Array<Scalars['String']['input']>>;
};

/** An image of which a part is repainted. */
export type GenerateFromFillInput = {
  /** Seconds from now until it fails by itself, 1 to 86,400. Default: as the operator has set it (1,800). */
  deadlineSeconds?: InputMaybe<Scalars['Int']['input']>;
  /** Influence of the finetune, 0 to 2. Default 1.1 (ultra: 1.2). */
  finetuneStrength?: InputMaybe<Scalars['Float']['input']>;
  /** How closely the prompt is followed, 1.5 to 100. Default 60. */
  guidance?: InputMaybe<Scalars['Float']['input']>;
  /** Up to 200 characters of your own choice. The same key with the same request gives the same generation for 24 hours, however often it is sent; with another request it is refused. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** The image to repaint. Without a mask its transparent parts are repainted. */
  image: ImageInput;
  /** Of the same size as the image: what is white is repainted, what is black stays. */
  mask?: InputMaybe<ImageInput>;
  /** Use this model only, e.g. bfl/flux-pro-finetuned. Its own ranges then hold, and nothing is brought near. */
  model?: InputMaybe<Scalars['String']['input']>;
  /** File format. Default jpeg; webp only on FLUX.2 models. */
  outputFormat?: InputMaybe<OutputFormat>;
  /** -100 to 100, default 0: higher goes first among your project's own waiting generations. */
  priority?: InputMaybe<Scalars['Int']['input']>;
  /** The finetune profile to use. */
  profileId: Scalars['ID']['input'];
  /** What to draw, 1 to 10,000 characters. The finetune's trigger word is put in front when it is missing. */
  prompt: Scalars['String']['input'];
  /** Whether the provider may rewrite the prompt. Default false. */
  promptUpsampling?: InputMaybe<Scalars['Boolean']['input']>;
  /** Use this provider only, e.g. bfl. */
  provider?: InputMaybe<Scalars['String']['input']>;
  /** Moderation, 0 strictest to 6 loosest. Default 2. */
  safetyTolerance?: InputMaybe<Scalars['Int']['input']>;
  /** The same request with the same seed gives the same picture. */
  seed?: InputMaybe<Scalars['SafeInt']['input']>;
  /** 15 to 50. Default 50. */
  steps?: InputMaybe<Scalars['Int']['input']>;
  /** True: what the route cannot honour exactly is refused. Default false: it is sent as near as the route takes it, and adjustments says so. */
  strict?: InputMaybe<Scalars['Boolean']['input']>;
  /** Whose it is: your own id of a person, 1 to 200 characters, best one that means nothing to others. It is found by it, and eraseGenerations erases all that a person had. */
  subject?: InputMaybe<Scalars['String']['input']>;
  /** At most 20, each 1 to 64 characters. */
  tags?: InputMaybe<Array<Scalars['String']['input']>>;
};

/** A picture from a prompt alone. */
export type GenerateFromPromptInput = {
  /** Ultra only: width:height from 21:9 to 9:21. Default 16:9. */
  aspectRatio?: InputMaybe<Scalars['String']['input']>;
  /** Seconds from now until it fails by itself, 1 to 86,400. Default: as the operator has set it (1,800). */
  deadlineSeconds?: InputMaybe<Scalars['Int']['input']>;
  /** Influence of the finetune, 0 to 2. Default 1.1 (ultra: 1.2). */
  finetuneStrength?: InputMaybe<Scalars['Float']['input']>;
  /** How closely the prompt is followed, 1.5 to 5. Default 2.5. */
  guidance?: InputMaybe<Scalars['Float']['input']>;
  /** Pixels, 256 to 1440, a multiple of 32. Default 768. */
  height?: InputMaybe<Scalars['Int']['input']>;
  /** Up to 200 characters of your own choice. The same key with the same request gives the same generation for 24 hours, however often it is sent; with another request it is refused. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** A picture to take after. */
  imagePrompt?: InputMaybe<ImageInput>;
  /** Ultra only: influence of the image prompt, 0 to 1. Default 0.1. */
  imagePromptStrength?: InputMaybe<Scalars['Float']['input']>;
  /** Use this model only, e.g. bfl/flux-pro-finetuned. Its own ranges then hold, and nothing is brought near. */
  model?: InputMaybe<Scalars['String']['input']>;
  /** File format. Default jpeg; webp only on FLUX.2 models. */
  outputFormat?: InputMaybe<OutputFormat>;
  /** -100 to 100, default 0: higher goes first among your project's own waiting generations. */
  priority?: InputMaybe<Scalars['Int']['input']>;
  /** The finetune profile to use. */
  profileId: Scalars['ID']['input'];
  /** What to draw, 1 to 10,000 characters. The finetune's trigger word is put in front when it is missing. */
  prompt: Scalars['String']['input'];
  /** Whether the provider may rewrite the prompt. Default false. */
  promptUpsampling?: InputMaybe<Scalars['Boolean']['input']>;
  /** Use this provider only, e.g. bfl. */
  provider?: InputMaybe<Scalars['String']['input']>;
  /** Moderation, 0 strictest to 6 loosest. Default 2. */
  safetyTolerance?: InputMaybe<Scalars['Int']['input']>;
  /** The same request with the same seed gives the same picture. */
  seed?: InputMaybe<Scalars['SafeInt']['input']>;
  /** 1 to 50. Default 40. */
  steps?: InputMaybe<Scalars['Int']['input']>;
  /** True: what the route cannot honour exactly is refused. Default false: it is sent as near as the route takes it, and adjustments says so. */
  strict?: InputMaybe<Scalars['Boolean']['input']>;
  /** Whose it is: your own id of a person, 1 to 200 characters, best one that means nothing to others. It is found by it, and eraseGenerations erases all that a person had. */
  subject?: InputMaybe<Scalars['String']['input']>;
  /** At most 20, each 1 to 64 characters. */
  tags?: InputMaybe<Array<Scalars['String']['input']>>;
  /** Pixels, 256 to 1440, a multiple of 32. Default 1024. */
  width?: InputMaybe<Scalars['Int']['input']>;
};

/** A grid of pictures: what they have in common, and what varies along one to three axes. */
export type GenerateSweepInput = {
  /** Start although the price of some cells is not known; these count as nothing. */
  allowUnknownPrice?: Scalars['Boolean']['input'];
  /** From left to right. */
  columns: SweepAxisInput;
  /** What holds the pictures' structure: NONE, or the kind that the control image is for. */
  control?: ControlKind;
  /** The control image of all cells. */
  controlImage?: InputMaybe<ImageInput>;
  /** Seconds until a cell fails by itself, 1 to 86,400. Default: as the operator has set it (1,800). */
  deadlineSeconds?: InputMaybe<Scalars['Int']['input']>;
  /** Up to 200 characters: the same key with the same request gives the same sweep for 24 hours. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** FILL only: the image of which a part is repainted. */
  image?: InputMaybe<ImageInput>;
  /** A picture to take after, for all cells. */
  imagePrompt?: InputMaybe<ImageInput>;
  /** FILL only: white where the image is repainted. */
  mask?: InputMaybe<ImageInput>;
  /** Most that it may cost by the price list, in micro-USD. Needed to start: a sweep that costs more is refused whole. */
  maxCostMicros?: InputMaybe<Scalars['SafeInt']['input']>;
  /** Use this model only, e.g. bfl/flux-pro-finetuned. */
  model?: InputMaybe<Scalars['String']['input']>;
  /** One grid below the other; only together with rows. */
  pages?: InputMaybe<SweepAxisInput>;
  /** Parameters of all cells. Without a seed here or on an axis Darkroom draws one for all of them, so that they can be compared. */
  parameters?: InputMaybe<ParametersInput>;
  /** -100 to 100, as for a single generation. */
  priority?: Scalars['Int']['input'];
  /** The finetune profile to use. */
  profileId: Scalars['ID']['input'];
  /** As for a single generation; left out where an axis has prompts. */
  prompt?: InputMaybe<Scalars['String']['input']>;
  /** Use this provider only, e.g. bfl. */
  provider?: InputMaybe<Scalars['String']['input']>;
  /** From top to bottom. */
  rows?: InputMaybe<SweepAxisInput>;
  /** Whose it is: your own id of a person, 1 to 200 characters, best one that means nothing to others. It is found by it, and eraseGenerations erases all that a person had. */
  subject?: InputMaybe<Scalars['String']['input']>;
  /** Tags of every cell, at most 20, each 1 to 64 characters. */
  tags?: InputMaybe<Array<Scalars['String']['input']>>;
  /** Begin the axis of finetuneStrength with 0: the model without the finetune, to compare with. */
  withBaseline?: Scalars['Boolean']['input'];
};

/** Which events to hear of; all conditions must hold. */
export type GenerationEventFilter = {
  /** Of generations of these control kinds. */
  control?: InputMaybe<Array<ControlKind>>;
  /** Of generations made with this profile. */
  profileId?: InputMaybe<Scalars['ID']['input']>;
  /** Of generations at these providers. */
  provider?: InputMaybe<Array<Scalars['String']['input']>>;
  /** Changes to any of these statuses. */
  status?: InputMaybe<Array<GenerationStatus>>;
};

/** Which generations to list; all conditions must hold. */
export type GenerationFilter = {
  /** Has all of these tags; at most 20. */
  allTags?: InputMaybe<Array<Scalars['String']['input']>>;
  /** Has any of these tags; at most 20. */
  anyTag?: InputMaybe<Array<Scalars['String']['input']>>;
  /** Any of these control kinds. */
  control?: InputMaybe<Array<ControlKind>>;
  /** Cost in micro-USD: settled, else quoted, else estimated. What has no known cost never matches. */
  costMicros?: InputMaybe<RangeInput>;
  /** Accepted at this time or later. */
  createdFrom?: InputMaybe<Scalars['DateTimeISO']['input']>;
  /** Accepted before this time. */
  createdTo?: InputMaybe<Scalars['DateTimeISO']['input']>;
  /** The last error has any of these codes; at most 50. */
  errorCode?: InputMaybe<Array<Scalars['String']['input']>>;
  /** Whether it is a favourite. */
  favourite?: InputMaybe<Scalars['Boolean']['input']>;
  /** Whether a picture was made and kept; it may have been removed or erased since. */
  hasImage?: InputMaybe<Scalars['Boolean']['input']>;
  /** Any of these models, e.g. "bfl/flux-pro-finetuned"; at most 50. */
  model?: InputMaybe<Array<Scalars['String']['input']>>;
  /** Made with this profile. */
  profileId?: InputMaybe<Scalars['ID']['input']>;
  /** Any of these providers. */
  provider?: InputMaybe<Array<Scalars['String']['input']>>;
  /** Rated so, 1 to 5; what is not rated never matches. */
  rating?: InputMaybe<RangeInput>;
  /** Milliseconds from when the provider had it until its end; only what has ended. */
  runMs?: InputMaybe<RangeInput>;
  /** Made with this seed. */
  seed?: InputMaybe<Scalars['SafeInt']['input']>;
  /** Any of these statuses. */
  status?: InputMaybe<Array<GenerationStatus>>;
  /** Of this person, as the caller named them. */
  subject?: InputMaybe<Scalars['String']['input']>;
  /** The cells of this sweep. */
  sweepId?: InputMaybe<Scalars['ID']['input']>;
  /** Milliseconds from acceptance until its end; only what has ended. */
  totalMs?: InputMaybe<RangeInput>;
};

/** In which order generations are listed; newer before older where nothing else decides, in ascending orders older first. */
export type GenerationOrder =
  /** The best rated first, newer before older; only what is rated. */
  | 'BEST_RATED'
  /** The cheapest first; only what has ended and has a known cost. */
  | 'CHEAPEST'
  /** The dearest first; only what has ended and has a known cost. */
  | 'COSTLIEST'
  /** The shortest run first; only what a provider took and has ended. */
  | 'FASTEST'
  /** The last accepted first. */
  | 'NEWEST'
  /** The first accepted first. */
  | 'OLDEST'
  /** The best match of `search` first, among the newest 1,000 matches; only together with `search`. */
  | 'RELEVANCE'
  /** The longest run first; only what a provider took and has ended. */
  | 'SLOWEST';

/** Where a generation stands. */
export type GenerationStatus =
  /** Stopped by the caller. Final. */
  | 'CANCELED'
  /** Finished upstream, but the bytes were gone before they could be saved. Final. */
  | 'EXPIRED'
  /** It cannot succeed any more; error says why. Final. */
  | 'FAILED'
  /** The provider withheld it; moderationStage says when. Final. */
  | 'MODERATED'
  /** Accepted, waiting for a slot at a provider. */
  | 'QUEUED'
  /** The provider has it. */
  | 'RUNNING'
  /** Finished upstream; the image is being downloaded and stored. */
  | 'SAVING'
  /** A slot is taken and the request is being sent. */
  | 'SUBMITTING'
  /** The image is stored. Final. */
  | 'SUCCEEDED'
  /** Sent, and the answer never came: it may be running, and billed, upstream. */
  | 'UNCONFIRMED';

/** An input image: exactly one of the fields. */
export type ImageInput =
  /** The bytes in base64, with or without a data: prefix. PNG, JPEG or WebP; at most 15 MiB, 20 megapixels, sides of at least 256 pixels. POST /images is faster. */
  | {
      base64: Scalars['String']['input'];
      imageId?: never;
      url?: never;
    } /** An image of your project: sent to POST /images, or made earlier. */
  | {
      base64?: never;
      imageId: Scalars['ID']['input'];
      url?: never;
    } /** An address to fetch. Refused for now: send the bytes instead. */
  | { base64?: never; imageId?: never; url: Scalars['String']['input'] };

/** What happens once the images of a project have as many bytes as they may. */
export type ImageQuotaFull =
  /** Uploads and new generations are refused (QUOTA_EXCEEDED) until there is room. */
  | 'REFUSE'
  /** The oldest images are removed that no favourite, no rated, no unfinished generation and none of the last 24 hours uses. */
  | 'REMOVE_OLDEST';

/** Where to import from. */
export type ImportProfilesInput = {
  /** Its account; left out: the first that your project may use. */
  account?: InputMaybe<Scalars['ID']['input']>;
  /** The provider, e.g. bfl. */
  provider: Scalars['String']['input'];
};

/** A model's life at its provider. */
export type ModelStatus =
  /** In service. */
  | 'ACTIVE'
  /** Still in service; its end is announced. Move to the successor. */
  | 'DEPRECATED'
  /** Withdrawn: refused on a real account, usable on the sandbox only. */
  | 'RETIRED';

/** When the provider withheld it. */
export type ModerationStage =
  /** Before the work: the prompt or an input image. */
  | 'INPUT'
  /** After the work: the picture. */
  | 'OUTPUT';

/** File format of the picture. */
export type OutputFormat =
  /** JPEG: small, with losses. */
  | 'jpeg'
  /** PNG: large, without losses. */
  | 'png'
  /** WebP: smaller than JPEG; FLUX.2 models only. */
  | 'webp';

/** Parameters to use where a request gives none. Each must be one that a model takes, within its range. */
export type ParametersInput = {
  /** Width to height, e.g. 16:9. */
  aspectRatio?: InputMaybe<Scalars['String']['input']>;
  /** High threshold of the edges, 0 to 500. */
  cannyHighThreshold?: InputMaybe<Scalars['Int']['input']>;
  /** Low threshold of the edges, 0 to 500. */
  cannyLowThreshold?: InputMaybe<Scalars['Int']['input']>;
  /** Influence of the finetune, 0 to 2. */
  finetuneStrength?: InputMaybe<Scalars['Float']['input']>;
  /** How closely the prompt is followed. */
  guidance?: InputMaybe<Scalars['Float']['input']>;
  /** Height in pixels. */
  height?: InputMaybe<Scalars['Int']['input']>;
  /** Influence of the image prompt, 0 to 1. */
  imagePromptStrength?: InputMaybe<Scalars['Float']['input']>;
  /** File format of the picture. */
  outputFormat?: InputMaybe<OutputFormat>;
  /** Whether the provider may rewrite the prompt. */
  promptUpsampling?: InputMaybe<Scalars['Boolean']['input']>;
  /** Moderation, 0 strictest to 6 loosest. */
  safetyTolerance?: InputMaybe<Scalars['Int']['input']>;
  /** The seed asked for; null lets the provider choose. */
  seed?: InputMaybe<Scalars['SafeInt']['input']>;
  /** Number of steps. */
  steps?: InputMaybe<Scalars['Int']['input']>;
  /** Width in pixels. */
  width?: InputMaybe<Scalars['Int']['input']>;
};

/** Which part of history to run again, where, and what it may cost. */
export type PlanReplayInput = {
  /** Run also what has no known price; it counts as nothing. */
  allowUnknownPrice?: Scalars['Boolean']['input'];
  /** Most that may be started, in micro-USD by the price list. */
  costLimitMicros: Scalars['SafeInt']['input'];
  /** Which generations to choose from, at most 1,000,000. Without a status those that SUCCEEDED. */
  filter?: InputMaybe<GenerationFilter>;
  /** Up to 200 characters: the same key with the same request gives the same plan for 24 hours. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** With this model only. */
  model?: InputMaybe<Scalars['String']['input']>;
  /** Parameters instead of those asked for then. */
  overrides?: InputMaybe<ParametersInput>;
  /** -100 to 100: below 0 it waits behind what your project asks for meanwhile. */
  priority?: Scalars['Int']['input'];
  /** The provider to run them at, e.g. replicate. */
  provider: Scalars['String']['input'];
  /** Where no seed was asked for, ask for the one that the provider reported. */
  reuseSeed?: Scalars['Boolean']['input'];
  /** How many to run, 1 to 1,000, spread evenly over all that match, from the oldest to the newest. */
  sample: Scalars['Int']['input'];
  /** 0 or more: another seed chooses another sample; the same one of the same history the same. */
  seed?: Scalars['SafeInt']['input'];
};

/** What a price is for. */
export type PriceUnit =
  /** One image, whatever its size. */
  | 'IMAGE'
  /** Each megapixel of an image (1024 x 1024) that is begun. */
  | 'MEGAPIXEL';

/** A range of whole numbers, both ends included. */
export type RangeInput = {
  /** The smallest that matches; left out: no bound. */
  from?: InputMaybe<Scalars['SafeInt']['input']>;
  /** The largest that matches; left out: no bound. */
  to?: InputMaybe<Scalars['SafeInt']['input']>;
};

/** Where a replay stands. */
export type ReplayStatus =
  /** Stopped by the caller. Final. */
  | 'CANCELED'
  /** All that could be run has been. Final. */
  | 'FINISHED'
  /** Chosen, checked and priced; nothing is started. */
  | 'PLANNED'
  /** Started: a few generations at a time are run again. */
  | 'RUNNING';

/** Where a route stands for one generation. */
export type RouteState =
  /** It cannot be taken; the reason says why. */
  | 'CLOSED'
  /** It was taken before, and left; the reason says why. */
  | 'LEFT'
  /** Taken next, if the one before certainly did not accept it. */
  | 'OPEN'
  /** The one that it takes. */
  | 'TAKEN';

/** What decides between routes that could all be taken. */
export type RoutingPreference =
  /** The lowest list price first; where none is known, last. */
  | 'CHEAPEST'
  /** The shortest run time first, as learned; what has not run yet, last. */
  | 'FASTEST'
  /** The providers in the order given, then the others in the order of the settings. */
  | 'ORDER';

/** A budget. There is one for each project, profile and month: setting it again changes it. */
export type SetBudgetInput = {
  /** What may be spent in the month, 0 to 1,000,000,000,000 micro-USD. */
  limitMicros: Scalars['SafeInt']['input'];
  /** For this month only, as 2026-11 (UTC), not over yet. Default: every month that has none of its own. */
  month?: InputMaybe<Scalars['String']['input']>;
  /** For the generations of this profile only. Default: of all. */
  profileId?: InputMaybe<Scalars['ID']['input']>;
  /** Slug of the project. Default: your own. */
  project?: InputMaybe<Scalars['String']['input']>;
  /** What to hold for a submit whose price is not known, 0 to 1,000,000,000,000 micro-USD. Default: such are refused. */
  unknownPriceMicros?: InputMaybe<Scalars['SafeInt']['input']>;
};

/** Which routes the generations of your project shall prefer. */
export type SetRoutingInput = {
  /** Default ORDER. */
  prefer?: InputMaybe<RoutingPreference>;
  /** Providers of which accounts are configured here, each once; the others follow. Default none. */
  providers?: InputMaybe<Array<Scalars['String']['input']>>;
};

/** What to change; what is left out stays as it is. */
export type SetStorageInput = {
  /** The same of their events; at most as long as generations are kept. */
  eventDays?: InputMaybe<Scalars['Int']['input']>;
  /** Days that generations are kept, up to 36,500. 0: for ever; null: as the server’s settings say. */
  generationDays?: InputMaybe<Scalars['Int']['input']>;
  /** The same of images, counted from their last use; at most as long as generations are kept. */
  imageDays?: InputMaybe<Scalars['Int']['input']>;
  /** Most bytes of images. 0: any; null: as the server’s settings say. */
  imageQuotaBytes?: InputMaybe<Scalars['SafeInt']['input']>;
  /** What happens once there are so many. */
  imageQuotaFull?: InputMaybe<ImageQuotaFull>;
  /** Slug of the project; left out: your own. */
  project?: InputMaybe<Scalars['String']['input']>;
};

/** What varies along an axis: exactly one of the fields, 1 to 50 different values. */
export type SweepAxisInput =
  /** High thresholds of the edges, 0 to 500 each. */
  | {
      cannyHighThreshold: Array<Scalars['Int']['input']>;
      cannyLowThreshold?: never;
      cannyThresholds?: never;
      finetuneStrength?: never;
      guidance?: never;
      prompt?: never;
      seed?: never;
      steps?: never;
    } /** Low thresholds of the edges, 0 to 500 each. */
  | {
      cannyHighThreshold?: never;
      cannyLowThreshold: Array<Scalars['Int']['input']>;
      cannyThresholds?: never;
      finetuneStrength?: never;
      guidance?: never;
      prompt?: never;
      seed?: never;
      steps?: never;
    } /** Pairs of thresholds of the edges. */
  | {
      cannyHighThreshold?: never;
      cannyLowThreshold?: never;
      cannyThresholds: Array<CannyThresholdsInput>;
      finetuneStrength?: never;
      guidance?: never;
      prompt?: never;
      seed?: never;
      steps?: never;
    } /** Influence of the finetune, 0 to 2 each. */
  | {
      cannyHighThreshold?: never;
      cannyLowThreshold?: never;
      cannyThresholds?: never;
      finetuneStrength: Array<Scalars['Float']['input']>;
      guidance?: never;
      prompt?: never;
      seed?: never;
      steps?: never;
    } /** How closely the prompt is followed, in the model's range. */
  | {
      cannyHighThreshold?: never;
      cannyLowThreshold?: never;
      cannyThresholds?: never;
      finetuneStrength?: never;
      guidance: Array<Scalars['Float']['input']>;
      prompt?: never;
      seed?: never;
      steps?: never;
    } /** Prompts, each 1 to 10,000 characters. */
  | {
      cannyHighThreshold?: never;
      cannyLowThreshold?: never;
      cannyThresholds?: never;
      finetuneStrength?: never;
      guidance?: never;
      prompt: Array<Scalars['String']['input']>;
      seed?: never;
      steps?: never;
    } /** Seeds. */
  | {
      cannyHighThreshold?: never;
      cannyLowThreshold?: never;
      cannyThresholds?: never;
      finetuneStrength?: never;
      guidance?: never;
      prompt?: never;
      seed: Array<Scalars['SafeInt']['input']>;
      steps?: never;
    } /** Numbers of steps, in the model's range. */
  | {
      cannyHighThreshold?: never;
      cannyLowThreshold?: never;
      cannyThresholds?: never;
      finetuneStrength?: never;
      guidance?: never;
      prompt?: never;
      seed?: never;
      steps: Array<Scalars['Int']['input']>;
    };

/** Which binding to take away. */
export type UnbindProfileInput = {
  /** The profile. */
  profileId: Scalars['ID']['input'];
  /** The provider that it is bound to. */
  provider: Scalars['String']['input'];
};

/** Changes of a profile; what is left out stays as it is. */
export type UpdateProfileInput = {
  /** Replaces all defaults. */
  defaults?: InputMaybe<ParametersInput>;
  /** At most 2,000 characters. */
  description?: InputMaybe<Scalars['String']['input']>;
  /** The profile. */
  id: Scalars['ID']['input'];
  /** 1 to 200 characters. */
  name?: InputMaybe<Scalars['String']['input']>;
  /** 1 to 64 lower-case letters, digits and inner hyphens. */
  slug?: InputMaybe<Scalars['String']['input']>;
  /** 1 to 100 characters; null removes it. */
  triggerWord?: InputMaybe<Scalars['String']['input']>;
};

/** Which generations are counted; all conditions must hold. At most 50 values each. */
export type UsageFilter = {
  /** By any of these provider accounts. */
  account?: InputMaybe<Array<Scalars['String']['input']>>;
  /** Any of these control kinds. */
  control?: InputMaybe<Array<ControlKind>>;
  /** By any of these models. */
  model?: InputMaybe<Array<Scalars['String']['input']>>;
  /** Made with any of these profiles. */
  profileId?: InputMaybe<Array<Scalars['ID']['input']>>;
  /** At any of these providers. */
  provider?: InputMaybe<Array<Scalars['String']['input']>>;
  /** Any of these statuses. */
  status?: InputMaybe<Array<GenerationStatus>>;
  /** With at least one of these tags. Over at most 200,000 generations. */
  tag?: InputMaybe<Array<Scalars['String']['input']>>;
};

/** What usage is grouped by. */
export type UsageGroup =
  /** The provider account, by which it last went. */
  | 'ACCOUNT'
  /** What holds the picture's structure. */
  | 'CONTROL'
  /** The local day. */
  | 'DAY'
  /** The code with which it failed or expired; null for all others. */
  | 'ERROR'
  /** The hour. Over at most 62 days; the hour that comes twice as clocks go back is two rows. */
  | 'HOUR'
  /** The model, by which it last went. */
  | 'MODEL'
  /** The local month. */
  | 'MONTH'
  /** The finetune profile. */
  | 'PROFILE'
  /** The provider, to which it last went. */
  | 'PROVIDER'
  /** Where it stands. */
  | 'STATUS'
  /** Each tag: a generation counts once for each of its own. Over at most 200,000 generations. */
  | 'TAG'
  /** The local week, from Monday on. */
  | 'WEEK';

/** Why an input was refused, and what to do about it. */
export type UserErrorCode =
  /** A budget has not so much left this month; `maximum` says how much it has. */
  | 'BUDGET_EXCEEDED'
  /** The present state does not allow this; read it again. */
  | 'CONFLICT'
  /** It would cost more than the limit that was given; raise the limit or ask for less. */
  | 'COST_LIMIT'
  /** The image is too large or too small; resize it. */
  | 'IMAGE_SIZE'
  /** A value is malformed or contradicts another; mend it. */
  | 'INVALID'
  /** The provider has withdrawn the model; use the successor that the message names. */
  | 'MODEL_RETIRED'
  /** The bytes are no image of an accepted kind; send PNG, JPEG or WebP. */
  | 'NOT_AN_IMAGE'
  /** There is nothing under this id in your project. */
  | 'NOT_FOUND'
  /** No provider account here can do this; choose another provider or model, or bind the profile. */
  | 'NO_ROUTE'
  /** A value lies outside its range; choose one inside it. */
  | 'OUT_OF_RANGE'
  /** The price is not known, so no limit can be kept; choose another model, or allow it. */
  | 'PRICE_UNKNOWN'
  /** The provider could not be asked, or refused; try again later. */
  | 'PROVIDER_UNAVAILABLE'
  /** Your project has as many bytes of images as it may; erase what is not needed, or ask for more. */
  | 'QUOTA_EXCEEDED'
  /** A value is missing; give it. */
  | 'REQUIRED'
  /** Images cannot be stored at the moment; try again later. */
  | 'STORAGE_UNAVAILABLE'
  /** The model does not take this; leave it out or choose another model. */
  | 'UNSUPPORTED';

/** What a generation that has not ended waits for. */
export type WaitingReason =
  /** The provider account is not configured here. */
  | 'ACCOUNT_MISSING'
  /** The provider account is paused. */
  | 'ACCOUNT_PAUSED'
  /** Its next try. */
  | 'BACK_OFF'
  /** Evidence of what became of the submit. */
  | 'EVIDENCE'
  /** The provider. */
  | 'PROVIDER'
  /** The picture to be stored. */
  | 'SAVING'
  /** A slot at the provider. */
  | 'SLOT'
  /** The provider's answer to the submit. */
  | 'SUBMIT';

/** Where a parameter was asked for. */
export type WishSource =
  /** The defaults of the profile's binding at this provider. */
  | 'BINDING'
  /** The request's own input. */
  | 'INPUT'
  /** The generation that is run again, or the sweep for all of its cells. */
  | 'ORIGINAL'
  /** The profile's defaults. */
  | 'PROFILE';

export type GenerationViewFragment = {
  id: string;
  status: GenerationStatus;
  version: number;
  progress: number | null;
  promptSent: string;
  seed: number | null;
  moderationStage: ModerationStage | null;
  error: { code: string; message: string | null } | null;
  model: { id: string } | null;
  attempts: Array<{ account: string }>;
  images: Array<{ id: string; url: string; contentType: string; width: number; height: number; bytes: number }>;
  cost: { estimatedMicros: number | null; quotedMicros: number | null; settledMicros: number | null };
  timings: { queuedMs: number | null; runMs: number | null; totalMs: number | null };
};

export type ProfilesQueryVariables = Exact<{
  after?: InputMaybe<Scalars['String']['input']>;
}>;

export type ProfilesQuery = {
  profiles: {
    nodes: Array<{ id: string; slug: string; name: string; bindings: Array<{ provider: string }> }>;
    pageInfo: { hasNextPage: boolean; endCursor: string | null };
  };
};

export type GenerationByIdQueryVariables = Exact<{
  id: Scalars['ID']['input'];
}>;

export type GenerationByIdQuery = {
  generation: {
    id: string;
    status: GenerationStatus;
    version: number;
    progress: number | null;
    promptSent: string;
    seed: number | null;
    moderationStage: ModerationStage | null;
    error: { code: string; message: string | null } | null;
    model: { id: string } | null;
    attempts: Array<{ account: string }>;
    images: Array<{ id: string; url: string; contentType: string; width: number; height: number; bytes: number }>;
    cost: { estimatedMicros: number | null; quotedMicros: number | null; settledMicros: number | null };
    timings: { queuedMs: number | null; runMs: number | null; totalMs: number | null };
  } | null;
};

export type GenerateFromCannyMutationVariables = Exact<{
  input: GenerateFromCannyInput;
}>;

export type GenerateFromCannyMutation = {
  generateFromCanny: {
    generation: {
      id: string;
      status: GenerationStatus;
      version: number;
      progress: number | null;
      promptSent: string;
      seed: number | null;
      moderationStage: ModerationStage | null;
      error: { code: string; message: string | null } | null;
      model: { id: string } | null;
      attempts: Array<{ account: string }>;
      images: Array<{ id: string; url: string; contentType: string; width: number; height: number; bytes: number }>;
      cost: { estimatedMicros: number | null; quotedMicros: number | null; settledMicros: number | null };
      timings: { queuedMs: number | null; runMs: number | null; totalMs: number | null };
    } | null;
    userErrors: Array<{ code: UserErrorCode; message: string; path: Array<string>; retryable: boolean }>;
  };
};

export type GenerationChangedSubscriptionVariables = Exact<{
  id: Scalars['ID']['input'];
}>;

export type GenerationChangedSubscription = {
  generationChanged: {
    id: string;
    status: GenerationStatus;
    version: number;
    progress: number | null;
    promptSent: string;
    seed: number | null;
    moderationStage: ModerationStage | null;
    error: { code: string; message: string | null } | null;
    model: { id: string } | null;
    attempts: Array<{ account: string }>;
    images: Array<{ id: string; url: string; contentType: string; width: number; height: number; bytes: number }>;
    cost: { estimatedMicros: number | null; quotedMicros: number | null; settledMicros: number | null };
    timings: { queuedMs: number | null; runMs: number | null; totalMs: number | null };
  };
};

export type FollowSubscriptionVariables = Exact<{
  filter?: InputMaybe<GenerationEventFilter>;
  after?: InputMaybe<Scalars['String']['input']>;
}>;

export type FollowSubscription = {
  generationEvents:
    | { __typename: 'EventsEnd'; reason: EventsEndReason; resumeAfter: string | null; message: string }
    | {
        __typename: 'EventsSnapshot';
        cursor: string;
        running: Array<{
          id: string;
          version: number;
          status: GenerationStatus;
          progress: number | null;
          prompt: string;
          tags: Array<string>;
          createdAt: string;
          updatedAt: string;
          error: { code: string; message: string | null } | null;
          images: Array<{
            id: string;
            url: string;
            contentType: string;
            width: number;
            height: number;
            thumbhash: string;
          }>;
        }>;
      }
    | {
        __typename: 'GenerationEvent';
        cursor: string;
        position: number;
        version: number;
        status: GenerationStatus;
        previousStatus: GenerationStatus | null;
        attempt: number | null;
        code: string | null;
        control: ControlKind;
        provider: string;
        at: string;
        generationId: string;
        generation: {
          id: string;
          version: number;
          status: GenerationStatus;
          progress: number | null;
          prompt: string;
          tags: Array<string>;
          createdAt: string;
          updatedAt: string;
          error: { code: string; message: string | null } | null;
          images: Array<{
            id: string;
            url: string;
            contentType: string;
            width: number;
            height: number;
            thumbhash: string;
          }>;
        } | null;
      };
};

export type FollowedFragment = {
  id: string;
  version: number;
  status: GenerationStatus;
  progress: number | null;
  prompt: string;
  tags: Array<string>;
  createdAt: string;
  updatedAt: string;
  error: { code: string; message: string | null } | null;
  images: Array<{ id: string; url: string; contentType: string; width: number; height: number; thumbhash: string }>;
};

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const GenerationViewFragmentDoc = new TypedDocumentString(
  `
    fragment GenerationView on Generation {
  id
  status
  version
  progress
  promptSent
  seed
  moderationStage
  error {
    code
    message
  }
  model {
    id
  }
  attempts {
    account
  }
  images {
    id
    url
    contentType
    width
    height
    bytes
  }
  cost {
    estimatedMicros
    quotedMicros
    settledMicros
  }
  timings {
    queuedMs
    runMs
    totalMs
  }
}
    `,
  { fragmentName: 'GenerationView' },
) as unknown as TypedDocumentString<GenerationViewFragment, unknown>;
export const FollowedFragmentDoc = new TypedDocumentString(
  `
    fragment Followed on Generation {
  id
  version
  status
  progress
  prompt
  tags
  error {
    code
    message
  }
  images {
    id
    url
    contentType
    width
    height
    thumbhash
  }
  createdAt
  updatedAt
}
    `,
  { fragmentName: 'Followed' },
) as unknown as TypedDocumentString<FollowedFragment, unknown>;
export const ProfilesDocument = new TypedDocumentString(`
    query Profiles($after: String) {
  profiles(first: 100, after: $after) {
    nodes {
      id
      slug
      name
      bindings {
        provider
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<ProfilesQuery, ProfilesQueryVariables>;
export const GenerationByIdDocument = new TypedDocumentString(`
    query GenerationById($id: ID!) {
  generation(id: $id) {
    ...GenerationView
  }
}
    fragment GenerationView on Generation {
  id
  status
  version
  progress
  promptSent
  seed
  moderationStage
  error {
    code
    message
  }
  model {
    id
  }
  attempts {
    account
  }
  images {
    id
    url
    contentType
    width
    height
    bytes
  }
  cost {
    estimatedMicros
    quotedMicros
    settledMicros
  }
  timings {
    queuedMs
    runMs
    totalMs
  }
}`) as unknown as TypedDocumentString<GenerationByIdQuery, GenerationByIdQueryVariables>;
export const GenerateFromCannyDocument = new TypedDocumentString(`
    mutation GenerateFromCanny($input: GenerateFromCannyInput!) {
  generateFromCanny(input: $input) {
    generation {
      ...GenerationView
    }
    userErrors {
      code
      message
      path
      retryable
    }
  }
}
    fragment GenerationView on Generation {
  id
  status
  version
  progress
  promptSent
  seed
  moderationStage
  error {
    code
    message
  }
  model {
    id
  }
  attempts {
    account
  }
  images {
    id
    url
    contentType
    width
    height
    bytes
  }
  cost {
    estimatedMicros
    quotedMicros
    settledMicros
  }
  timings {
    queuedMs
    runMs
    totalMs
  }
}`) as unknown as TypedDocumentString<GenerateFromCannyMutation, GenerateFromCannyMutationVariables>;
export const GenerationChangedDocument = new TypedDocumentString(`
    subscription GenerationChanged($id: ID!) {
  generationChanged(id: $id) {
    ...GenerationView
  }
}
    fragment GenerationView on Generation {
  id
  status
  version
  progress
  promptSent
  seed
  moderationStage
  error {
    code
    message
  }
  model {
    id
  }
  attempts {
    account
  }
  images {
    id
    url
    contentType
    width
    height
    bytes
  }
  cost {
    estimatedMicros
    quotedMicros
    settledMicros
  }
  timings {
    queuedMs
    runMs
    totalMs
  }
}`) as unknown as TypedDocumentString<GenerationChangedSubscription, GenerationChangedSubscriptionVariables>;
export const FollowDocument = new TypedDocumentString(`
    subscription Follow($filter: GenerationEventFilter, $after: String) {
  generationEvents(filter: $filter, after: $after) {
    __typename
    ... on EventsSnapshot {
      cursor
      running {
        ...Followed
      }
    }
    ... on GenerationEvent {
      cursor
      position
      version
      status
      previousStatus
      attempt
      code
      control
      provider
      at
      generationId
      generation {
        ...Followed
      }
    }
    ... on EventsEnd {
      reason
      resumeAfter
      message
    }
  }
}
    fragment Followed on Generation {
  id
  version
  status
  progress
  prompt
  tags
  error {
    code
    message
  }
  images {
    id
    url
    contentType
    width
    height
    thumbhash
  }
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<FollowSubscription, FollowSubscriptionVariables>;

import { axisNames, axisPlaces } from '../domain/grid.js';
import { attemptStates, controlKinds, generationStatuses, moderationStages } from '../domain/lifecycle.js';
import { exportFormats, exportPartitions, exportStatuses } from '../domain/export.js';
import { finetuneKinds } from '../domain/model.js';
import { replayStatuses } from '../domain/replay.js';
import { listOrders, type ListOrder } from '../domain/listing.js';
import { priceUnits } from '../domain/price.js';
import { refusalCodes } from '../domain/refusal.js';
import { waitingReasons } from '../domain/waiting.js';
import { routingPreferences } from '../domain/rank.js';
import { enumOf } from './enum-of.js';

export const GenerationStatusEnum = enumOf('GenerationStatus', 'Where a generation stands.', generationStatuses, {
  QUEUED: 'Accepted, waiting for a slot at a provider.',
  SUBMITTING: 'A slot is taken and the request is being sent.',
  UNCONFIRMED: 'Sent, and the answer never came: it may be running, and billed, upstream.',
  RUNNING: 'The provider has it.',
  SAVING: 'Finished upstream; the image is being downloaded and stored.',
  SUCCEEDED: 'The image is stored. Final.',
  MODERATED: 'The provider withheld it; moderationStage says when. Final.',
  FAILED: 'It cannot succeed any more; error says why. Final.',
  EXPIRED: 'Finished upstream, but the bytes were gone before they could be saved. Final.',
  CANCELED: 'Stopped by the caller. Final.',
});

export const AttemptStateEnum = enumOf('AttemptState', 'Where one submit to a provider stands.', attemptStates, {
  INTENDED: 'The intent is recorded; nothing has been sent.',
  SENT: 'The request may have left; no answer so far.',
  ACCEPTED: 'The provider has named its task.',
  DONE: 'The provider is done with it, whatever the outcome. Final.',
  LOST: 'Nobody will ever know, or the provider no longer knows the task. Final.',
  REFUSED: 'Certainly not accepted by the provider. Final.',
});

export const ControlKindEnum = enumOf('ControlKind', "What holds the picture's structure.", controlKinds, {
  NONE: 'The prompt alone.',
  CANNY: 'The edges of a control image.',
  DEPTH: 'The depth of a control image.',
  FILL: 'An image of which a part is repainted.',
});

export const FinetuneKindEnum = enumOf('FinetuneKind', 'How a model is told of a finetune.', finetuneKinds, {
  ID: 'By the provider’s own id: finetuneId of a binding.',
  LORA: 'By where its weights are: loraUrl of a binding.',
  NONE: 'Not at all; any binding says no more than that the profile may go there.',
});

export const ModerationStageEnum = enumOf('ModerationStage', 'When the provider withheld it.', moderationStages, {
  INPUT: 'Before the work: the prompt or an input image.',
  OUTPUT: 'After the work: the picture.',
});

export const EventsEndReasonEnum = enumOf(
  'EventsEndReason',
  'Why a stream of events ended, and how to go on.',
  ['CURSOR_TOO_OLD', 'TOO_SLOW', 'STOPPING'] as const,
  {
    CURSOR_TOO_OLD: 'What was missed can no longer be told. Subscribe again without `after`, for a new snapshot.',
    TOO_SLOW: 'Too many events waited to be read. Subscribe again with `after`: nothing is missed.',
    STOPPING: 'This process stops. Connect again and subscribe with `after`: nothing is missed.',
  },
);

export const WaitingReasonEnum = enumOf(
  'WaitingReason',
  'What a generation that has not ended waits for.',
  // Object.keys is typed as string[]; these are exactly the table's keys.
  Object.keys(waitingReasons) as (keyof typeof waitingReasons)[],
  waitingReasons,
);

const orderNames = Object.keys(listOrders) as ListOrder[];
export const GenerationOrderEnum = enumOf(
  'GenerationOrder',
  'In which order generations are listed; newer before older where nothing else decides, in ascending orders older first.',
  orderNames,
  // fromEntries is typed by string; these are the names just listed.
  Object.fromEntries(orderNames.map((name) => [name, listOrders[name].about])) as Record<ListOrder, string>,
);

export const RoutingPreferenceEnum = enumOf(
  'RoutingPreference',
  'What decides between routes that could all be taken.',
  // Object.keys is typed as string[]; these are exactly the table's keys.
  Object.keys(routingPreferences) as (keyof typeof routingPreferences)[],
  routingPreferences,
);

export const UserErrorCodeEnum = enumOf(
  'UserErrorCode',
  'Why an input was refused, and what to do about it.',
  // Object.keys is typed as string[]; these are exactly the table's keys.
  Object.keys(refusalCodes) as (keyof typeof refusalCodes)[],
  refusalCodes,
);

export const PriceUnitEnum = enumOf('PriceUnit', 'What a price is for.', priceUnits, {
  IMAGE: 'One image, whatever its size.',
  MEGAPIXEL: 'Each megapixel of an image (1024 x 1024) that is begun.',
});

export const ModelStatusEnum = enumOf(
  'ModelStatus',
  "A model's life at its provider.",
  ['ACTIVE', 'DEPRECATED', 'RETIRED'] as const,
  {
    ACTIVE: 'In service.',
    DEPRECATED: 'Still in service; its end is announced. Move to the successor.',
    RETIRED: 'Withdrawn: refused on a real account, usable on the sandbox only.',
  },
);

export const ReplayStatusEnum = enumOf('ReplayStatus', 'Where a replay stands.', replayStatuses, {
  PLANNED: 'Chosen, checked and priced; nothing is started.',
  RUNNING: 'Started: a few generations at a time are run again.',
  FINISHED: 'All that could be run has been. Final.',
  CANCELED: 'Stopped by the caller. Final.',
});

export const ExportFormatEnum = enumOf('ExportFormat', 'How an export is written.', exportFormats, {
  CSV: 'RFC 4180 with a header, safe to open in a spreadsheet.',
  NDJSON: 'A line of JSON for each generation.',
  PARQUET: 'Parquet with ZSTD, for DuckDB, ClickHouse and the like.',
});

export const ExportPartitionEnum = enumOf('ExportPartition', 'Into how many files an export goes.', exportPartitions, {
  NONE: 'One.',
  MONTH: 'One for each month (UTC) in which something was accepted: project=demo/month=2026-11/….',
  DAY: 'One for each day (UTC) in which something was accepted: project=demo/day=2026-11-21/….',
});

export const ExportStatusEnum = enumOf('ExportStatus', 'Where an export stands.', exportStatuses, {
  QUEUED: 'Waits to be made.',
  RUNNING: 'Is being made.',
  READY: 'Its files can be fetched until it expires.',
  FAILED: 'Could not be made; `errorCode` and `errorMessage` say why.',
});

export const AxisNameEnum = enumOf('AxisName', 'What varies along an axis of a sweep.', axisNames, {
  finetuneStrength: 'Influence of the finetune.',
  guidance: 'How closely the prompt is followed.',
  steps: 'Number of steps.',
  cannyLowThreshold: 'Low threshold of the edges.',
  cannyHighThreshold: 'High threshold of the edges.',
  cannyThresholds: 'Both thresholds of the edges together.',
  seed: 'The seed.',
  prompt: 'The prompt.',
});

export const AxisPlaceEnum = enumOf('AxisPlace', 'A direction of a sweep’s grid.', axisPlaces, {
  columns: 'From left to right.',
  rows: 'From top to bottom.',
  pages: 'One grid below the other.',
});

export const OutputFormatEnum = enumOf(
  'OutputFormat',
  'File format of the picture.',
  ['jpeg', 'png', 'webp'] as const,
  {
    jpeg: 'JPEG: small, with losses.',
    png: 'PNG: large, without losses.',
    webp: 'WebP: smaller than JPEG; FLUX.2 models only.',
  },
);

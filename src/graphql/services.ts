import type { History, Images, Profiles } from '../domain/ports.js';
import type { Replays } from '../domain/replay.js';
import type { Sweeps } from '../domain/sweep.js';
import type { Catalogue } from '../domain/route.js';
import type { AccountService } from '../service/accounts.js';
import type { CannyPreviewService } from '../service/canny.js';
import type { CheckBinding } from '../service/check-binding.js';
import type { Generate } from '../service/generate.js';
import type { ImportProfiles } from '../service/import-profiles.js';
import type { ProfileService } from '../service/profiles.js';
import type { Latencies } from '../service/latencies.js';
import type { ReplayService } from '../service/replay.js';
import type { Rerun } from '../service/rerun.js';
import type { Progress } from '../service/progress.js';
import type { Sheets } from '../service/sheets.js';
import type { StopService } from '../service/stop.js';
import type { Subscriptions } from '../service/subscribe.js';
import type { SweepService } from '../service/sweep.js';
import type { WaitingService } from '../service/waiting.js';

/** The use cases and readings that GraphQL offers. */
export type Services = {
  generate: Generate;
  rerun: Rerun;
  sweepService: SweepService;
  replayService: ReplayService;
  sheets: Sheets;
  progress: Progress;
  accountService: AccountService;
  stopService: StopService;
  profileService: ProfileService;
  importProfiles: ImportProfiles;
  checkBinding: CheckBinding;
  cannyPreview: CannyPreviewService;
  subscriptions: Subscriptions;
  waiting: WaitingService;
  latencies: Pick<Latencies, 'sizesOf'>;
  history: History;
  profiles: Profiles;
  images: Images;
  sweeps: Sweeps;
  replays: Replays;
  catalogue: Catalogue;
  /** Where clients reach this service, without a trailing slash. */
  publicUrl: string;
};

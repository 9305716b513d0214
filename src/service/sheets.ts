import { goneGeneration, pairSheet, sheetCell, sheetVersion, sweepBlocks, type SheetSpec } from '../domain/sheet.js';
import type { Replay, ReplayPair, Replays } from '../domain/replay.js';
import type { Sweep, Sweeps } from '../domain/sweep.js';

/** A sheet as it is now. */
export type Sheet = {
  /** Changes whenever it looks different. */
  version: string;
  /** Nothing in it will change any more. */
  complete: boolean;
  width: number;
  height: number;
  /** A JPEG. */
  draw(): Promise<Buffer>;
};

export type Sheets = {
  ofSweep(sweep: Sweep): Promise<Sheet>;
  /** Before and after, side by side. */
  ofPair(replay: Replay, pair: ReplayPair): Promise<Sheet>;
  /** For whoever has its address; null where there is none. */
  sweepByToken(id: string, token: string): Promise<Sheet | null>;
  pairByToken(id: string, token: string, originalId: string): Promise<Sheet | null>;
};

type Parts = {
  sweeps: Pick<Sweeps, 'byToken' | 'pictures'>;
  replays: Pick<Replays, 'byToken' | 'pair' | 'pictures'>;
  drawer: {
    sizeOf(spec: SheetSpec): { width: number; height: number };
    draw(spec: SheetSpec): Promise<Buffer>;
  };
};

/** Contact sheets: made from what the ledger says when they are asked for. */
export function createSheets({ sweeps, replays, drawer }: Parts): Sheets {
  function sheetOf(spec: SheetSpec): Sheet {
    return {
      version: sheetVersion(spec),
      complete: spec.cells.every(({ state }) => state !== 'WAITING'),
      ...drawer.sizeOf(spec),
      draw: async () => await drawer.draw(spec),
    };
  }

  async function ofSweep(sweep: Sweep): Promise<Sheet> {
    const pictures = await sweeps.pictures(sweep);
    return sheetOf({
      title: `${sweep.model}${sweep.seed === null ? '' : `, seed ${sweep.seed}`}`,
      blocks: sweepBlocks(sweep.grid),
      cell: { width: sweep.cellWidth, height: sweep.cellHeight },
      cells: pictures.map((picture) => sheetCell(sweep.projectId, picture)),
    });
  }

  async function ofPair({ projectId }: Replay, pair: ReplayPair): Promise<Sheet> {
    const { originalId, rerunId } = pair;
    const pictures = await replays.pictures(projectId, rerunId === null ? [originalId] : [originalId, rerunId]);
    const before = pictures.get(originalId) ?? goneGeneration(originalId);
    const after = rerunId === null ? null : (pictures.get(rerunId) ?? goneGeneration(rerunId));
    return sheetOf(pairSheet(projectId, pair, { before, after }));
  }

  return {
    ofSweep,
    ofPair,
    async pairByToken(id, token, originalId) {
      const replay = await replays.byToken(id, token);
      const pair = replay === null ? null : await replays.pair(replay.projectId, id, originalId);
      return replay === null || pair === null ? null : await ofPair(replay, pair);
    },
    async sweepByToken(id, token) {
      const sweep = await sweeps.byToken(id, token);
      return sweep === null ? null : await ofSweep(sweep);
    },
  };
}

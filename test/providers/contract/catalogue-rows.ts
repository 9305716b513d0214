import { describe, expect, it } from 'vitest';
import { knownModels } from '../../../src/catalogue/catalogue.js';
import type { Model } from '../../../src/domain/model.js';
import { chooseRoute } from '../../support/choose-route.js';
import { row } from './bench.js';
import type { Contract } from './contract.js';

/** A binding that names a finetune in every way there is. */
const binding = {
  finetuneId: 'my-finetune',
  loraUrl: 'https://weights.example/lora.safetensors',
  triggerWord: null,
  defaults: {},
};
const controls = { plain: 'NONE', canny: 'CANNY', depth: 'DEPTH' } as const;

export function catalogueRows({ name: provider, models, request }: Contract): void {
  const all = knownModels().filter((model) => model.provider === provider);

  /** The id of the model that a real account routes to, or why it does not. */
  function verdictOn(model: Model): string {
    const account = { id: 'main', provider, sandbox: false, limit: 24, projects: null };
    const chosen = chooseRoute(
      { accounts: [account], models: all },
      { control: model.control, provider, model: model.id, bindings: [{ ...binding, provider }] },
    );
    return chosen.ok ? chosen.value.model.id : chosen.refusals.map(({ code }) => code).join();
  }

  describe('rows of finetuned models', () => {
    for (const name of ['plain', 'canny', 'depth'] as const) {
      row(`row ${name} finetuned`, models[name], ({ id, status }) => {
        expect(all.find((model) => model.id === id)).toMatchObject({ control: controls[name], lifecycle: { status } });
      });
    }
  });

  describe('row lifecycle and rule 7', () => {
    it('every model says where its state is known from', () => {
      expect(all).not.toEqual([]);
      for (const { lifecycle } of all) {
        expect(lifecycle.source).toMatch(/\w+ \w+/);
        expect(lifecycle.since !== null || lifecycle.status !== 'RETIRED').toBe(true);
      }
    });

    it('a retired one is refused before anything is sent, any other is routed', () => {
      const verdicts = all.map((model) => [model.id, verdictOn(model)]);
      const expected = all.map(({ id, lifecycle }) => [id, lifecycle.status === 'RETIRED' ? 'MODEL_RETIRED' : id]);
      expect(verdicts).toEqual(expected);
    });

    it('the model that the suite submits to is in the catalogue', () => {
      const { model, endpoint, control } = request;
      expect(all).toContainEqual(expect.objectContaining({ id: `${provider}/${model}`, name: endpoint, control }));
    });
  });
}

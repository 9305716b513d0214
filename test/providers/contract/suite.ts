import { describe } from 'vitest';
import { cancelRows } from './cancel-rows.js';
import { catalogueRows } from './catalogue-rows.js';
import type { Contract } from './contract.js';
import { lookRows } from './look-rows.js';
import { probeRows, resultRows } from './result-rows.js';
import { submitRows } from './submit-rows.js';
import { webhookRows } from './webhook-rows.js';

/**
 * What every adapter must do with what an upstream does, over real HTTP against a scripted one. The rows are those of the
 * table of upstream contracts, the rules those under it; tests carry their names:
 *
 * | row or rule                                   | where                                                          |
 * |-----------------------------------------------|----------------------------------------------------------------|
 * | auth                                          | submit-rows, look-rows, result-rows (probe), cancel-rows       |
 * | submit, submit reply                          | submit-rows                                                    |
 * | poll                                          | look-rows                                                      |
 * | success word, moderation signal               | look-rows (`ends`), by looks or with the answer to the submit  |
 * | cancel                                        | cancel-rows; stopping our own calls: submit-rows, look-rows    |
 * | webhook, signature, webhook retries           | webhook-rows                                                   |
 * | result lifetime                               | result-rows                                                    |
 * | idempotency key                               | submit-rows, with rule 2                                       |
 * | rate limit                                    | submit-rows and look-rows, with the other HTTP errors          |
 * | size control                                  | submit-rows, with rule 8                                       |
 * | plain, canny, depth finetuned; lifecycle      | catalogue-rows                                                 |
 * | rule 1, download at once                      | result-rows                                                    |
 * | rule 2, submit is at most once                | submit-rows                                                    |
 * | rule 3, a webhook is a hint                   | webhook-rows                                                   |
 * | rule 4, unknown statuses                      | look-rows (`row poll`)                                         |
 * | rule 5, hosts of addresses                    | look-rows, result-rows, cancel-rows, submit-rows (redirects)   |
 * | rule 6, a 2xx is no success                   | submit-rows, look-rows                                         |
 * | rule 7, model ids have a lifecycle            | catalogue-rows; 404 and 410 in submit-rows                     |
 * | rule 8, parameters by name                    | submit-rows                                                    |
 * | rule 9, cost                                  | submit-rows (`row submit reply`: `costMicros`)                 |
 *
 * In every test: exactly one submit arrives, every scripted answer is asked for, and the key is seen in no message, in no
 * address or body, and at no other host.
 */
export function runContract(contract: Contract): void {
  describe(`contract of ${contract.name}`, () => {
    submitRows(contract);
    lookRows(contract);
    resultRows(contract);
    webhookRows(contract);
    cancelRows(contract);
    probeRows(contract);
    catalogueRows(contract);
  });
}

import { describe, expect, it } from 'vitest';
import { describeOwner, ownerOfField } from './field-owner.ts';

const path = ['f:spec', 'k:{"name":"web"}', 'f:image'];
const owns = (
  manager: string,
  operation: string,
  time: string,
  fieldsV1: Readonly<Record<string, unknown>> = { 'f:spec': { 'k:{"name":"web"}': { 'f:image': {} } } },
) => ({ manager, operation, time: `2026-01-01T00:00:0${time}Z`, fieldsV1 });

describe('ownerOfField', () => {
  it('finds who wrote it last, but not the one who asks', () => {
    const managers = [
      owns('first', 'Update', '1'),
      owns('second', 'Update', '2'),
      owns('us', 'Update', '3'),
      owns('elsewhere', 'Apply', '4', { 'f:spec': { 'k:{"name":"side"}': { 'f:image': {} } } }),
    ];
    expect(ownerOfField(managers, path, 'us')).toEqual({ manager: 'second', isApplier: false });
    expect(ownerOfField([owns('us', 'Update', '1')], path, 'us')).toBeUndefined();
  });

  it.each([
    ['anything that applies', owns('ours-too', 'Apply', '1')],
    ['Argo CD on the client side', owns('argocd-controller', 'Update', '1')],
    ['kubectl apply', owns('kubectl-client-side-apply', 'Update', '1')],
    ['Helm', owns('helm', 'Update', '1')],
  ])('takes %s for an applier', (_name, entry) => {
    expect(ownerOfField([entry], path, 'us')).toMatchObject({ isApplier: true });
  });

  it.each(['kubectl-rollout', 'kubectl-set', 'kubectl-edit', 'k9s'])('takes %s for a hand', (manager) => {
    expect(ownerOfField([owns(manager, 'Update', '1')], path, 'us')).toMatchObject({ isApplier: false });
  });
});

describe('describeOwner', () => {
  it('says the name that people know, where there is one', () => {
    expect(describeOwner({ manager: 'kustomize-controller', isApplier: true })).toBe(
      'Flux (field manager kustomize-controller)',
    );
    expect(describeOwner({ manager: 'k9s', isApplier: false })).toBe('the field manager k9s');
  });
});

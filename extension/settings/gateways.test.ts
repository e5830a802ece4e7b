import { beforeEach, expect, test } from 'vitest';
import { BackgroundLink } from '../link/background-link';
import { FakeBackground } from '../testing/fake-background';
import { installFakeBrowser } from '../testing/fake-browser';
import { Gateways } from './gateways';

const [OWN, OTHER] = ['own-gateway', 'other-gateway'];
let background: FakeBackground;
let gateways: Gateways;

beforeEach(async () => {
  background = new FakeBackground(installFakeBrowser());
  background.state.gateways = { own: OWN, next: null, former: [] };
  background.gatewayChoices = [OTHER, OWN];
  gateways = new Gateways(new BackgroundLink((event) => gateways.apply(event)));
  await expect.poll(() => gateways.choices.value.length).toBe(2);
});

test('the gateway in use is shown, and is not among those to move to', () => {
  expect(gateways.view.value?.own).toBe(OWN);
  expect(gateways.others.value).toEqual([OTHER]);
});

test('a move goes where the user wants, and without a name nowhere', async () => {
  await gateways.move();
  gateways.way.value = 'named';
  expect(gateways.canMove.value).toBe(false);
  await gateways.move();
  gateways.picked.value = OTHER;
  expect(gateways.canMove.value).toBe(true);
  await gateways.move();
  const moves = background.requests.filter(({ type }) => type === 'changeGateway');
  expect(moves).toEqual([
    { type: 'changeGateway', to: 'random' },
    { type: 'changeGateway', to: OTHER },
  ]);
});

test('a refused move says why, until the next one is asked for', async () => {
  background.refuse('changeGateway', { code: 'gateway.not-listed', fault: 'you', message: 'Not listed.' });
  await gateways.move();
  expect(gateways.error.value?.message).toBe('Not listed.');
  await gateways.stay();
  expect(gateways.error.value).toBeNull();
});

test('a move under way and gateways that were left are shown as they change', async () => {
  const former = { gateway: OWN, leftAt: 1, receivedAt: 2, online: true, leaving: false };
  const view = { own: OTHER, next: null, former: [former] };
  background.push({ type: 'gateways', gateways: view });
  await expect.poll(() => gateways.view.value).toEqual(view);
});

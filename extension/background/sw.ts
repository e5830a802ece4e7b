// The background: a service worker in Chrome, an event page in Firefox. All listeners are
// registered before anything is awaited, or the browser would not wake us for their events.
import init, { Background } from 'sotto-wasm';
import { onWake } from '../browser/alarm';
import { openApproval } from '../browser/approval-window';
import { Badge } from '../browser/badge';
import { onCommand } from '../browser/commands';
import { onNetworkChange } from '../browser/network';
import { notify, openNotifications } from '../browser/notifications';
import { extensionUrl, onInstall, onPageConnect, onStart } from '../browser/runtime';
import { onSiteConnect } from '../browser/site-port';
import { text } from '../browser/strings';
import { openInTab } from '../browser/tabs';
import { Host } from './host';

const badge = new Badge();
const host = new Host(async () => {
  void badge.clear();
  await init({ module_or_path: extensionUrl('wasm/sotto_wasm_bg.wasm') });
  return Background.start({
    setBadge: (unread) => void badge.setUnread(unread),
    notify: (conversation, title, body) =>
      void notify({
        conversation,
        title: title ?? text('extensionName'),
        body: body ?? text('notificationBody'),
      }),
    openApproval: () => void openApproval(),
    setSiteBadge: (tab, active) => void badge.setSite(tab, active),
  });
});

onPageConnect((port) => host.connect(port));
onSiteConnect((port) => host.connectSite(port));
onStart(() => host.wake());
onWake(() => host.wake());
onNetworkChange(() => host.networkChanged());
onInstall(() => void openInTab('welcome/welcome.html'));
openNotifications();
onCommand({
  'open-tab': () => void openInTab('popup/popup.html'),
  'lock-now': () => host.ask({ type: 'lock' }),
});

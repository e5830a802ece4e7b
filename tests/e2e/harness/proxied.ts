import { BareChromium } from './bare-chromium';
import type { Kind } from './browser';
import { Firefox } from './firefox';
import { EXTENSION } from './programs';
import type { RecordingProxy } from './proxy';
import type { Wiretap } from './wiretap';

/** A Chromium that does everything through the proxy, loopback included. Who listens to it keeps its worker alive. */
export function proxiedChromium(
  proxy: RecordingProxy,
  { wiretap, folder = EXTENSION }: { wiretap?: Wiretap; folder?: string } = {},
): Kind<BareChromium> {
  const more = [
    `--proxy-server=127.0.0.1:${proxy.port}`,
    '--proxy-bypass-list=<-loopback>',
    ...QUIET_CHROMIUM,
  ];
  return {
    name: 'Chromium',
    async launch(profile) {
      const browser = await BareChromium.launch(profile, { more, folder });
      await wiretap?.attach(browser.cdp);
      return browser;
    },
  };
}

/** The same for Firefox. */
export function proxiedFirefox(proxy: RecordingProxy): Kind<Firefox> {
  const preferences = {
    'network.proxy.type': 1,
    'network.proxy.http': '127.0.0.1',
    'network.proxy.http_port': proxy.port,
    'network.proxy.ssl': '127.0.0.1',
    'network.proxy.ssl_port': proxy.port,
    'network.proxy.no_proxies_on': '',
    'network.proxy.allow_hijacking_localhost': true,
    ...QUIET_FIREFOX,
  };
  // Without it Firefox does not listen to the preference of that server.
  const environment = { MOZ_REMOTE_SETTINGS_DEVTOOLS: '1' };
  return { name: 'Firefox', launch: (profile) => Firefox.launch(profile, { preferences, environment }) };
}

/** What Chromium does for itself, as far as it can be switched off. */
const QUIET_CHROMIUM = [
  '--disable-client-side-phishing-detection',
  '--disable-component-extensions-with-background-pages',
  '--disable-default-apps',
  '--disable-domain-reliability',
  '--disable-features=OptimizationHints,OptimizationGuideModelDownloading,Translate,MediaRouter,DialMediaRouteProvider',
  '--metrics-recording-only',
  '--no-pings',
];

/** What Firefox does for itself, switched off: whoever is contacted then is contacted by the extension. */
const QUIET_FIREFOX = {
  'app.normandy.enabled': false,
  'browser.newtabpage.enabled': false,
  'browser.region.update.enabled': false,
  'browser.safebrowsing.blockedURIs.enabled': false,
  'browser.safebrowsing.downloads.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.search.update': false,
  'browser.startup.page': 0,
  'browser.topsites.contile.enabled': false,
  'dom.push.connection.enabled': false,
  'extensions.getAddons.cache.enabled': false,
  'extensions.systemAddon.update.enabled': false,
  'extensions.update.enabled': false,
  'media.gmp-manager.updateEnabled': false,
  'messaging-system.rsexperimentloader.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,',
  'toolkit.telemetry.server': 'data:,',
};

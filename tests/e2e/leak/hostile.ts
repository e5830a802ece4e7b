import type { Attached } from '../harness/browser';

/** An address that a page of the extension may connect to, and never does by itself. */
export const FOREIGN = 'http://127.0.0.1:17999/beacon';

/** Messages of somebody who wants to be told when they are read, or to spoil what is around them. */
export const HOSTILE = [
  'https://example.com/?you=read-it http://127.0.0.1:17999/beacon //example.com/x www.example.com ftp://example.com',
  '<img src="http://127.0.0.1:17999/beacon"><img src=x onerror="fetch(\'http://127.0.0.1:17999/beacon\')">',
  '<link rel="stylesheet" href="http://127.0.0.1:17999/beacon"><link rel="dns-prefetch" href="//example.com">',
  '<iframe src="http://127.0.0.1:17999/beacon"></iframe><object data="http://127.0.0.1:17999/beacon"></object>',
  '<script src="http://127.0.0.1:17999/beacon"></script><svg onload="fetch(\'http://127.0.0.1:17999/beacon\')"></svg>',
  '<style>@import "http://127.0.0.1:17999/beacon"; * { background: url(http://127.0.0.1:17999/beacon) }</style>',
  '<a href="javascript:fetch(\'http://127.0.0.1:17999/beacon\')" ping="http://127.0.0.1:17999/beacon">read on</a> javascript:alert(1)',
  '![a picture](http://127.0.0.1:17999/beacon) [a link](https://example.com/) ![](data:image/svg+xml,<svg/>)',
  'mailto:somebody@example.com tel:+15550100 sms:+15550100 magnet:?xt=urn:btih:0 &lt;b&gt; &#60;img src=x&#62;',
  // An override of the direction that is never taken back, and one with all ways to end an isolation.
  '\u202eon and on and on',
  '\u2069\u2069\u202c\u202c\u2069\u202e\u2067\u202bout of it',
  '\u05d0\u05d1\u05d2 \u202d\u2066\u2067\u2068 first strong',
  // What has no width, or more height than a line.
  'pay\u200bpal\u200d\u2060.\ufeffexample\u00ad.com \u200e\u200f\u061c',
  `Z${'\u0350\u035b\u0489'.repeat(40)}algo`,
  'A plain message, after all of that.',
];

/** Those that the system is to tell of: addresses, markup and what turns the direction. */
export const TOLD = HOSTILE.filter((_, index) => [0, 1, 9, 10].includes(index));

/** Names that a correspondent can be given, at most 100 characters each. */
export const NAMES = [
  'http://127.0.0.1:17999/beacon //example.com www.example.com mailto:a@example.com',
  '<img src="http://127.0.0.1:17999/beacon" onerror="fetch(\'http://127.0.0.1:17999/beacon\')">',
  '<a href="javascript:alert(1)" ping="http://127.0.0.1:17999/beacon">Ada</a> &lt;b&gt; &#60;i&#62;',
  '<style>*{background:url(http://127.0.0.1:17999/beacon)}</style>',
  '\u05d0\u05d1\u05d2 (1) 2:30 \u05d3',
  '\u0639\u0627\u0626\u0634\u0629 https://example.com/ \u0661\u0662',
  `Z${'\u0350\u035b\u0489'.repeat(30)}algo`,
  '$1 $EXTENSION$ __MSG_extensionName__ %s {0}',
];

/** Names that are refused, as one would not see what they are. */
export const DECEIVING = [
  'Bob\u202egnp.exe',
  '\u2069\u202ctaken back\u2067',
  'pay\u200bpal',
  'Bo\ufeffb',
  'Bob\u2028Bob',
  'Bob\u200f',
];

interface HostileFile extends Attached {
  /** What it is called by who sends it, and by who gets it. */
  shown: [string, string];
}

const MARKUP =
  '<svg xmlns="http://www.w3.org/2000/svg"><image href="http://127.0.0.1:17999/beacon"/><script href="http://127.0.0.1:17999/beacon"/></svg>';

/** Files that are called what they should not be, and that are not what they say. */
export const FILES: HostileFile[] = [
  file('http://127.0.0.1:17999/beacon', 'text/plain', [
    'http://127.0.0.1:17999/beacon',
    'http___127.0.0.1_17999_beacon',
  ]),
  file('<img src=x onerror=fetch(1)>.html', 'text/html', '<img src=x onerror=fetch(1)>.html'),
  file('gnp.\u202egnp.exe', 'application/octet-stream', ['gnp.gnp.exe', 'gnp._gnp.exe']),
  file('pay\u200bpal\u2060\ufeff.svg', 'image/svg+xml', 'paypal.svg'),
  file('\u05d0\u05d1\u05d2 (1).exe', 'application/octet-stream', '\u05d0\u05d1\u05d2 (1).exe'),
  file('../../&lt;b&gt; $1.jpg', 'application/octet-stream', [
    '../../&lt;b&gt; $1.jpg',
    '.._.._&lt;b&gt; $1.jpg',
  ]),
  file('no picture.png', 'image/png', 'no picture.png'),
];

function file(name: string, type: string, shown: string | [string, string]): HostileFile {
  return { name, type, content: MARKUP, shown: typeof shown === 'string' ? [shown, shown] : shown };
}

/** A text of somebody else in the page. */
export interface Piece {
  text: string;
  elements: number;
  /** Whether its direction is its own affair. */
  isolated: boolean;
}

/** All such texts in one kind of place. An expression for the page; `span` and `mark` are parts that we make. */
export function pieces(selector: string): string {
  return `[...document.querySelectorAll(${JSON.stringify(selector)})].map((place) => ({
    text: place.textContent,
    elements: place.querySelectorAll(':not(span, mark)').length,
    isolated: ['isolate', 'plaintext', 'isolate-override'].includes(getComputedStyle(place).unicodeBidi),
  }))`;
}

/**
 * The texts of the page that have no letter or sign of another direction in them, and yet are not
 * read from left to right: something before them turned them around. An expression for the page.
 */
export const misplaced = `(() => {
  const range = document.createRange();
  const left = (node, at) => {
    range.setStart(node, at);
    range.setEnd(node, at + 1);
    return range.getClientRects()[0];
  };
  const isTurned = (node) => {
    for (let at = 1, last = left(node, 0); at < node.length; at++) {
      const next = left(node, at);
      if (last && next && next.top < last.bottom && last.top < next.bottom && next.left < last.left - 1) return true;
      last = next;
    }
    return false;
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    if (/^[\\u0020-\\u007e]+$/.test(node.data) && isTurned(node)) found.push(node.data);
  return found;
})()`;

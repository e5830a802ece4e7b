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

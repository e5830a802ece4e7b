// Serves the examples on http://localhost:3000, or on another port: `node examples/serve.mjs 3001`.
import { join } from 'node:path';
import { context } from 'esbuild';

const here = import.meta.dirname;
const page = join(here, 'guest-book', 'page');
const client = join(here, '..', 'packages', 'client', 'src');

// What is TypeScript becomes JavaScript whenever it is asked for; `sotto-client` is that of this checkout.
const examples = await context({
  entryPoints: [join(page, 'main.ts')],
  outdir: page,
  bundle: true,
  format: 'esm',
  write: false,
  alias: { 'sotto-client': join(client, 'index.ts') },
});
const port = Number(process.argv[2] ?? 3000);
const server = await examples.serve({ servedir: here, host: '127.0.0.1', port });
for (const name of ['guest-book/page', 'plain-page']) console.log(`http://localhost:${server.port}/${name}/`);

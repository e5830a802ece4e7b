// All of the guest book at once: a local mixnet, the service, and the pages on http://localhost:3000.
// What you type goes to the service: `answer 1 Thank you`.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const here = import.meta.dirname;
const root = join(here, '..');
const built = join(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), 'release');
const programs = ['-p', 'sotto-mixnet', '-p', 'sotto-guest-book'];
execFileSync('cargo', ['build', '--release', ...programs], { cwd: root, stdio: 'inherit' });

// Its directory is at http://127.0.0.1:17080/, where the extension looks if you choose "A local mixnet".
const mixnet = spawn(join(built, 'sotto-mixnet'), ['run'], { stdio: ['ignore', 'pipe', 'inherit'] });
await Promise.race([once(mixnet.stdout, 'data'), once(mixnet, 'exit').then(() => process.exit(1))]);

const publish = join(here, 'guest-book', 'page', 'service.json');
const service = spawn(join(built, 'sotto-guest-book'), ['--publish', publish], { stdio: 'inherit' });
service.on('exit', (code) => {
  mixnet.kill();
  process.exit(code ?? 1);
});
// It ends in its own time; then the rest does.
process.on('SIGINT', () => undefined);
await import('./serve.mjs');

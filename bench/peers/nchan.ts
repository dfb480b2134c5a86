import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram, outputOf } from '../run/build.ts'
import type { Peer, Place } from '../run/peer.ts'
import { Unavailable } from '../run/unavailable.ts'

const MODULE = '/usr/lib/nginx/modules/ngx_nchan_module.so'

/** One nginx process, as the others are one process, and no history, which is its fastest way. */
export const nchan: Peer = {
  name: 'nchan',
  title: 'Nchan in nginx, one worker, messages not stored',
  prepare: (place) => {
    const nginx = findProgram('nginx')
    if (nginx === undefined || !existsSync(MODULE)) {
      throw new Unavailable('install nginx and libnginx-mod-nchan from Debian')
    }
    const file = join(place.folder, 'nginx.conf')
    mkdirSync(join(place.folder, 'bodies'))
    writeFileSync(file, configuration(place))
    return {
      command: [nginx, '-p', place.folder, '-c', file, '-e', join(place.folder, 'error.log')],
      version: versions(),
      streamPath: '/events',
      publish: { path: '/publish', contentType: 'text/plain' },
    }
  },
}

function configuration({ port, folder }: Place): string {
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `load_module ${MODULE};
daemon off;
master_process off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log error;
events {
  use epoll;
  multi_accept on;
  worker_connections 19000;
}
http {
  access_log off;
  tcp_nodelay on;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  nchan_shared_memory_size 256M;
${folders.map((name) => `  ${name}_temp_path ${folder}/bodies/${name};`).join('\n')}
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /publish {
      nchan_publisher;
      nchan_channel_id bench;
      nchan_store_messages off;
    }
    location = /events {
      nchan_subscriber eventsource;
      nchan_channel_id bench;
      nchan_subscriber_first_message newest;
    }
  }
}
`
}

function versions(): string {
  const query = ['-W', '-f', '${Package} ${Version}\n', 'nginx', 'libnginx-mod-nchan']
  return outputOf('dpkg-query', query)?.trim().replaceAll('\n', ', ') ?? 'unknown'
}

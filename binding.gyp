{
  'variables': {
    # --openssl_root=PATH: a private, static OpenSSL (see README, "Options of the build").
    'openssl_root%': '',
    # --build_tests=1: the native test executable (needs GoogleTest and a system OpenSSL).
    'build_tests%': 0,
    # --sanitize=address,undefined | thread: instrument every target.
    'sanitize%': '',
    'node_shared_openssl%': 'false',
  },
  'target_defaults': {
    'include_dirs': ['src'],
    'defines': [
      'NAPI_VERSION=9',
      'OPENSSL_API_COMPAT=30000',
      'OPENSSL_NO_DEPRECATED',
    ],
    'cflags': ['-Wall', '-Wextra', '-Wno-unused-parameter', '-fvisibility=hidden'],
    'xcode_settings': {
      'CLANG_CXX_LANGUAGE_STANDARD': 'c++17',
      'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
      'MACOSX_DEPLOYMENT_TARGET': '11.0',
    },
    'conditions': [
      ['sanitize!=""', {
        'cflags': ['-fsanitize=<(sanitize)', '-fno-omit-frame-pointer', '-g', '-O1'],
        'ldflags': ['-fsanitize=<(sanitize)'],
      }],
      ['openssl_root!=""', {
        # Ahead of the headers that ship with Node.
        'include_dirs+': ['<!@(node src/openssl/include-folders.js "<(openssl_root)")'],
        'defines': ['NAPI_TLS_PRIVATE_OPENSSL'],
      }],
    ],
  },
  'targets': [
    {
      # OpenSSL and the engine; no JavaScript, no sockets, no node-addon-api.
      'target_name': 'tls_core',
      'type': 'static_library',
      'sources': [
        '<!@(node -p "require(\'fs\').readdirSync(\'src/openssl\').filter((f) => /cc$/.test(f)).map((f) => \'src/openssl/\' + f).join(\' \')")',
        '<!@(node -p "require(\'fs\').readdirSync(\'src/tls\').filter((f) => /cc$/.test(f)).map((f) => \'src/tls/\' + f).join(\' \')")',
      ],
      'conditions': [
        # The system's OpenSSL has headers of its own: those that come with Node are left out.
        ['build_tests==1', {'include_dirs/': [['exclude', 'include/node$|deps/openssl']]}],
      ],
    },
    {
      'target_name': 'napi_tls',
      'dependencies': ['tls_core'],
      'include_dirs': ['<!(node -p "require(\'node-addon-api\').include_dir")'],
      'defines': [
        'NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS',
        # In a worker that is being terminated nothing can be thrown, and nobody is left to catch it.
        'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
      ],
      'sources': [
        '<!@(node -p "require(\'fs\').readdirSync(\'src/io\').filter((f) => /cc$/.test(f)).map((f) => \'src/io/\' + f).join(\' \')")',
        '<!@(node -p "require(\'fs\').readdirSync(\'src/node\').filter((f) => /cc$/.test(f)).map((f) => \'src/node/\' + f).join(\' \')")',
      ],
      'conditions': [
        ['openssl_root!=""', {
          'libraries': ['<!@(node src/openssl/static-libraries.js "<(openssl_root)")'],
          'ldflags': ['-Wl,-Bsymbolic', '-Wl,--exclude-libs,ALL'],
        }],
        ['openssl_root=="" and node_shared_openssl=="true"', {
          'libraries': ['-lssl', '-lcrypto'],
        }],
      ],
    },
  ],
  'conditions': [
    ['build_tests==1', {
      'targets': [
        {
          # The engine alone, against the system's OpenSSL: for GoogleTest, sanitizers and fuzzers.
          'target_name': 'tls_tests',
          'type': 'executable',
          'dependencies': ['tls_core'],
          'include_dirs/': [['exclude', 'include/node$|deps/openssl']],
          'sources': [
            '<!@(node -p "require(\'fs\').readdirSync(\'test/native\').filter((f) => /cc$/.test(f)).map((f) => \'test/native/\' + f).join(\' \')")',
            'src/io/handshake_pool.cc',
          ],
          'libraries': ['-lgtest', '-lgtest_main', '-lssl', '-lcrypto', '-luv', '-lpthread'],
        },
        {
          # What test/fuzz/run.sh runs; needs clang and --sanitize=fuzzer-no-link.
          'target_name': 'fuzz',
          'type': 'executable',
          'dependencies': ['tls_core'],
          'include_dirs/': [['exclude', 'include/node$|deps/openssl']],
          'sources': [
            '<!@(node -p "require(\'fs\').readdirSync(\'test/fuzz\').filter((f) => /cc$/.test(f)).map((f) => \'test/fuzz/\' + f).join(\' \')")',
            'test/native/certificates.cc',
            'test/native/harness.cc',
          ],
          'ldflags': ['-fsanitize=fuzzer'],
          'libraries': ['-lgtest', '-lssl', '-lcrypto', '-lpthread'],
        },
        {
          # What benchmark/instructions counts.
          'target_name': 'engine_scenarios',
          'type': 'executable',
          'dependencies': ['tls_core'],
          'include_dirs/': [['exclude', 'include/node$|deps/openssl']],
          'sources': ['benchmark/instructions/engine_scenarios.cc'],
          'libraries': ['-lssl', '-lcrypto', '-lpthread'],
        },
      ],
    }],
  ],
}

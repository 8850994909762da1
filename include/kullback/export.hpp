#pragma once

#if defined(KULLBACK_STATIC)
#define KULLBACK_EXPORT
#else
#define KULLBACK_EXPORT __attribute__((visibility("default")))
#endif

#define KULLBACK_VERSION "0.1.0"

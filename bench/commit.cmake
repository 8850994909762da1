cmake_minimum_required(VERSION 3.25)
# Run at every build: writes commit.hpp only when the commit has changed, so nothing recompiles without need.
execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --abbrev=12 --exclude=*
                OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(commit unknown)
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#pragma once\n#define KULLBACK_COMMIT \"@commit@\"\n" @ONLY)

#pragma once

#include "tests/consistency/checker/history.h"

namespace gantry::consistency {

// A small history that keeps all promises, with every kind of operation and of watch in it.
// Operations and watches are found by the names below.
History SampleHistory();

enum SampleOperation : size_t {
  kCreateX,       // 10: a/x, value 1.1, client 1, time 10..20
  kPatchX,        // 11: patch 1.2, client 1, 30..40
  kCreateY,       // 12: b/y, value 2.1, client 2, 35..50
  kCreateXAgain,  // refused, client 2, 60..70
  kUpdateX,       // 13: value 1.3, expects 11, client 1, 80..90
  kUpdateStale,   // refused, expects 11, client 2, 92..96
  kGetX,          // at 13, client 3, 100..110
  kListAll,       // at 13, client 3, 115..120
  kDeleteX,       // 14: client 1, 130..140
  kGetGone,       // not found, client 3, 150..160
  kCreateX2,      // 15: a/x anew, value 1.5, client 1, 170..180
  kListExact,     // of a, exactly at 13, client 3, 190..200
  kPagesAll,      // at 15, two pages, client 3, 210..220
  kGetAny,        // of b/y, client 3, 230..235
  kLostPatch,     // 16: b/y, patch 2.9, without answer, client 2, from 240
};
enum SampleWatch : size_t {
  kWatchAll,      // from 9, client 4: 10 .. 16, then bookmark 16
  kWatchA,        // of a, from 9, client 5: 10, 11, bookmark 12
  kWatchAGoesOn,  // of a, from 12, client 5: 13, 14, 15
  kWatchStream,   // a streaming list at 13, client 6: 11.., mark, 14, 15, 16
  kWatchAny,      // resourceVersion=0 at 14, client 7: y, then 15, 16
};

}  // namespace gantry::consistency

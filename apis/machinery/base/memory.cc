#include "apis/machinery/base/memory.h"

#include <malloc.h>
#include <unistd.h>

#include <cstdio>

namespace gantry {
namespace {

// What is free is worth the effort from here on, and a quarter of what is used on top.
constexpr size_t kWorthwhile = 32 << 20;
constexpr int kLargeBlock = 1 << 20;

// 0 when it is not known.
size_t ResidentBytes() {
  std::FILE* const file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  size_t total = 0;
  size_t resident = 0;
  const int read = std::fscanf(file, "%zu %zu", &total, &resident);
  std::fclose(file);
  return read == 2 ? resident * static_cast<size_t>(sysconf(_SC_PAGESIZE)) : 0;
}

}  // namespace

void ReturnLargeBlocks() { mallopt(M_MMAP_THRESHOLD, kLargeBlock); }

void ReturnFreeMemory() {
  const struct mallinfo2 heap = mallinfo2();
  const size_t used = heap.uordblks + heap.hblkhd;
  if (ResidentBytes() > used + used / 4 + kWorthwhile) malloc_trim(0);
}

}  // namespace gantry

#include "apis/machinery/base/process_metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <limits>
#include <sstream>

#include "apis/machinery/base/metrics.h"

namespace gantry::metrics {
namespace {

struct Families {
  Collected cpu{"process_cpu_seconds_total", Kind::kCounter,
                "User and system processor time that the process has used, in seconds"};
  Collected resident{"process_resident_memory_bytes", Kind::kGauge,
                     "Memory of the process that is in RAM"};
  Collected virtual_size{"process_virtual_memory_bytes", Kind::kGauge,
                         "Address space of the process"};
  Collected start{"process_start_time_seconds", Kind::kGauge,
                  "When the process started, in seconds since 1970"};
  Collected open{"process_open_fds", Kind::kGauge, "Open file descriptors"};
  Collected most{"process_max_fds", Kind::kGauge, "The most file descriptors that may be open"};
  Collected threads{"process_threads", Kind::kGauge, "Threads of the process"};
};

const Families& All() {
  static const auto* const families = new Families;
  return *families;
}

// The fields of /proc/self/stat that follow the name of the program; [0] is the third one.
std::vector<double> StatFields() {
  std::ifstream file("/proc/self/stat");
  std::string text;
  std::getline(file, text);
  std::vector<double> fields;
  const size_t end = text.rfind(')');
  if (end == std::string::npos || text.size() < end + 4) return fields;
  std::istringstream rest(text.substr(end + 4));  // behind `) S `
  fields.push_back(0);                            // the state, a letter
  for (double value; rest >> value;) fields.push_back(value);
  return fields;
}

double BootTime() {
  std::ifstream file("/proc/stat");
  for (std::string word; file >> word;) {
    if (word != "btime") continue;
    double seconds = 0;
    file >> seconds;
    return seconds;
  }
  return 0;
}

double OpenDescriptors() {
  DIR* const dir = opendir("/proc/self/fd");
  if (dir == nullptr) return 0;
  double n = -3;  // ".", "..", and the directory's own
  while (readdir(dir) != nullptr) ++n;
  closedir(dir);
  return n;
}

}  // namespace

void DeclareProcessMetrics() { All(); }

void AppendProcessMetrics(std::vector<prometheus::MetricFamily>* out) {
  // Positions in /proc/self/stat, counted from its third field: see proc(5).
  constexpr size_t kUser = 11, kSystem = 12, kThreads = 17, kStart = 19, kVirtual = 20,
                   kResident = 21;
  const Families& f = All();
  const std::vector<double> stat = StatFields();
  if (stat.size() > kResident) {
    const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    f.cpu.AppendTo(out, {{{}, (stat[kUser] + stat[kSystem]) / ticks}});
    f.threads.AppendTo(out, {{{}, stat[kThreads]}});
    f.start.AppendTo(out, {{{}, BootTime() + stat[kStart] / ticks}});
    f.virtual_size.AppendTo(out, {{{}, stat[kVirtual]}});
    f.resident.AppendTo(out, {{{}, stat[kResident] * static_cast<double>(sysconf(_SC_PAGESIZE))}});
  }
  f.open.AppendTo(out, {{{}, OpenDescriptors()}});
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    const bool endless = limit.rlim_cur == RLIM_INFINITY;
    f.most.AppendTo(out, {{{},
                           endless ? std::numeric_limits<double>::infinity()
                                   : static_cast<double>(limit.rlim_cur)}});
  }
}

}  // namespace gantry::metrics

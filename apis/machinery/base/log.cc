#include "apis/machinery/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace gantry::log {
namespace {

spdlog::level::level_enum ToSpdlog(Level level) {
  switch (level) {
    case Level::kDebug: return spdlog::level::debug;
    case Level::kInfo: return spdlog::level::info;
    case Level::kWarn: return spdlog::level::warn;
    case Level::kError: return spdlog::level::err;
  }
  return spdlog::level::err;
}

spdlog::logger& Logger() {
  static spdlog::logger* const logger = [] {
    auto* l = new spdlog::logger("gantry", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    l->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %L %v");
    l->flush_on(spdlog::level::info);
    return l;
  }();
  return *logger;
}

bool NeedsQuotes(std::string_view v) {
  return v.empty() || v.find_first_of(" \"=\n\t\r") != std::string_view::npos;
}

// Keeps one entry on one line.
void AppendQuoted(std::string* out, std::string_view v) {
  out->push_back('"');
  for (const char c : v) {
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (c == '\n') {
      out->append("\\n");
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out->push_back(' ');
    } else {
      out->push_back(c);
    }
  }
  out->push_back('"');
}

}  // namespace

bool Enabled(Level level) { return Logger().should_log(ToSpdlog(level)); }

void Write(Level level, std::string_view message, std::initializer_list<Field> fields) {
  std::string line(message);
  for (const Field& f : fields) {
    line.append("  ").append(f.key).push_back('=');
    if (NeedsQuotes(f.value)) {
      AppendQuoted(&line, f.value);
    } else {
      line.append(f.value);
    }
  }
  Logger().log(ToSpdlog(level), line);
}

bool SetLevel(std::string_view level) {
  if (level == "debug") Logger().set_level(spdlog::level::debug);
  else if (level == "info") Logger().set_level(spdlog::level::info);
  else if (level == "warn") Logger().set_level(spdlog::level::warn);
  else if (level == "error") Logger().set_level(spdlog::level::err);
  else return false;
  return true;
}

}  // namespace gantry::log

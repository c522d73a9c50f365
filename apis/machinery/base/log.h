#pragma once

#include <fmt/format.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

#include "apis/machinery/base/result.h"

// Logging: a constant message and key/value pairs, one line an entry on standard error:
//
//   LOG_INFO("plan applied", {"application", key}, {"actions", n});
//
// Debug: for developers; info: state changes an operator may look for; warn: something will be
// retried or degraded; error: someone must act. Never secrets. Thread-safe.
namespace gantry::log {

enum class Level { kDebug, kInfo, kWarn, kError };

struct Field {
  template <typename T>
  Field(std::string_view k, const T& v) : key(k), value(fmt::format("{}", v)) {}
  Field(std::string_view k, const Error& e) : key(k), value(e.message) {}
  std::string key;
  std::string value;
};

bool Enabled(Level level);
void Write(Level level, std::string_view message, std::initializer_list<Field> fields = {});
// `debug`, `info`, `warn`, `error`; false for any other word. The default is info.
bool SetLevel(std::string_view level);

}  // namespace gantry::log

#define GANTRY_LOG(level, message, ...)                                                     \
  do {                                                                                      \
    if (::gantry::log::Enabled(level)) ::gantry::log::Write(level, message, {__VA_ARGS__}); \
  } while (false)
#define LOG_DEBUG(...) GANTRY_LOG(::gantry::log::Level::kDebug, __VA_ARGS__)
#define LOG_INFO(...) GANTRY_LOG(::gantry::log::Level::kInfo, __VA_ARGS__)
#define LOG_WARN(...) GANTRY_LOG(::gantry::log::Level::kWarn, __VA_ARGS__)
#define LOG_ERROR(...) GANTRY_LOG(::gantry::log::Level::kError, __VA_ARGS__)

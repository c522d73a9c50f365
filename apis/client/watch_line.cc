#include "apis/client/watch_line.h"

#include "apis/machinery/meta/status.h"

namespace gantry::client {

Result<WatchEvent> ParseWatchLine(std::string_view line) {
  Result<Json> parsed = ParseJson(line);
  if (!parsed.ok() || !parsed->is_object()) {
    return Error(Code::kInternal, "the watch sent something that is no event");
  }
  const std::string type = GetString(*parsed, "type");
  const auto object = parsed->find("object");
  if (object == parsed->end() || !object->is_object()) {
    return Error(Code::kInternal, "the watch sent an event without an object");
  }
  if (type == "ERROR") {
    return ErrorFromStatus(static_cast<int>(GetInt(*object, "code", 500)), DumpJson(*object));
  }
  WatchEvent event{WatchEvent::Type::kAdded, Object(std::move(*object))};
  if (type == "MODIFIED") {
    event.type = WatchEvent::Type::kModified;
  } else if (type == "DELETED") {
    event.type = WatchEvent::Type::kDeleted;
  } else if (type == "BOOKMARK") {
    event.type = WatchEvent::Type::kBookmark;
  } else if (type != "ADDED") {
    return Error(Code::kInternal, "the watch sent an event of the unknown type '" + type + "'");
  }
  return event;
}

}  // namespace gantry::client

#include "apis/machinery/base/json_fast.h"

#include <simdjson.h>

namespace gantry::internal {
namespace {

namespace dom = simdjson::dom;

// A parser takes some 14 times the size of its biggest text, and keeps it.
constexpr size_t kKeepAtMost = 16 << 10;
constexpr size_t kParseAtMost = 256 << 10;

bool Build(const dom::element& element, int levels, Json* out) {
  switch (element.type()) {
    case dom::element_type::NULL_VALUE: return true;
    case dom::element_type::BOOL: *out = bool(element.get_bool().value_unsafe()); return true;
    case dom::element_type::INT64: *out = element.get_int64().value_unsafe(); return true;
    case dom::element_type::UINT64: *out = element.get_uint64().value_unsafe(); return true;
    case dom::element_type::DOUBLE: *out = element.get_double().value_unsafe(); return true;
    case dom::element_type::STRING:
      *out = std::string(element.get_string().value_unsafe());
      return true;
    case dom::element_type::ARRAY: {
      if (levels == 0) return false;
      *out = Json::array();
      auto& items = out->get_ref<Json::array_t&>();
      const dom::array array = element.get_array().value_unsafe();
      for (const dom::element item : array) {
        if (!Build(item, levels - 1, &items.emplace_back())) return false;
      }
      return true;
    }
    case dom::element_type::OBJECT: {
      if (levels == 0) return false;
      *out = Json::object();
      auto& members = out->get_ref<Json::object_t&>();
      const dom::object object = element.get_object().value_unsafe();
      for (const dom::key_value_pair member : object) {
        const size_t before = members.size();
        // Clients write maps in order, as we do.
        const auto at = members.try_emplace(members.end(), std::string(member.key), nullptr);
        if (members.size() == before) return false;
        if (!Build(member.value, levels - 1, &at->second)) return false;
      }
      return true;
    }
  }
  return false;
}

}  // namespace

bool ParseOrdinaryJson(std::string_view text, int max_depth, Json* out) {
  if (text.size() > kParseAtMost) return false;
  thread_local dom::parser kept;
  dom::parser once;
  dom::parser& parser = text.size() <= kKeepAtMost ? kept : once;
  dom::element root;
  if (parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS) return false;
  return Build(root, max_depth, out);
}

}  // namespace gantry::internal

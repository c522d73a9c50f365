#include "apis/machinery/schema/reader.h"

#include <fmt/format.h>

#include "apis/machinery/schema/keywords.h"
#include "apis/machinery/schema/rules.h"

namespace gantry::schema {

std::string Reader::At(std::string_view key) const { return ChildPath(path_, key); }

const Json* Reader::Typed(std::string_view key, std::string_view type) const {
  const Json* v = Find(object_, key);
  if (!v || TypeName(*v) == type) return v;
  errors_->push_back(TypeInvalid(
      At(key), *v,
      fmt::format("{} in body must be of type {}: \"{}\"", At(key), type, TypeName(*v))));
  return nullptr;
}

std::string Reader::Text(std::string_view key) const {
  const Json* v = Typed(key, "string");
  return v ? v->get<std::string>() : std::string();
}

std::string Reader::RequiredText(std::string_view key) const {
  std::string text = Text(key);
  const Json* v = Find(object_, key);
  if (text.empty() && (!v || v->is_string())) errors_->push_back(Required(At(key), ""));
  return text;
}

bool Reader::Boolean(std::string_view key) const {
  const Json* v = Typed(key, "boolean");
  return v && v->get<bool>();
}

bool Reader::RequiredBoolean(std::string_view key) const {
  if (!Find(object_, key)) errors_->push_back(Required(At(key), ""));
  return Boolean(key);
}

int Reader::Number(std::string_view key) const {
  const Json* v = Typed(key, "integer");
  return v ? v->get<int>() : 0;
}

std::vector<std::string> Reader::Texts(std::string_view key) const {
  std::vector<std::string> out;
  const Json* list = Array(key);
  if (!list) return out;
  for (size_t i = 0; i < list->size(); ++i) {
    if ((*list)[i].is_string()) {
      out.push_back((*list)[i].get<std::string>());
    } else {
      errors_->push_back(
          TypeInvalid(fmt::format("{}[{}]", At(key), i), (*list)[i], "must be of type string"));
    }
  }
  return out;
}

const Json* Reader::Object(std::string_view key) const { return Typed(key, "object"); }
const Json* Reader::Array(std::string_view key) const { return Typed(key, "array"); }

}  // namespace gantry::schema

#include "apiserver/registry/strategies/strategies.h"

#include "apis/machinery/base/encoding.h"
#include "apis/machinery/meta/field_error.h"

namespace gantry::apiserver {
namespace {

// ConfigMap and Secret: `immutable: true` freezes the data; a Secret's `stringData` is a way to
// write `data` and is never stored.
class Data : public Strategy {
 public:
  void Prepare(const StrategyContext& ctx, const Object*, std::string_view,
               Object* object) const override {
    if (!ctx.target.def().strategy.write_only_string_data) return;
    Json& json = object->json();
    const auto texts = json.find("stringData");
    if (texts == json.end()) return;
    if (texts->is_object()) {
      for (const auto& [key, value] : texts->items()) {
        if (value.is_string())
          json["data"][key] = Base64Encode(value.get_ref<const std::string&>());
      }
    }
    json.erase("stringData");
  }

  Status Validate(const StrategyContext& ctx, const Object* old,
                  const Object& object) const override {
    FieldErrors errors;
    ValidateKeys(object, &errors);
    if (old != nullptr && ctx.target.def().strategy.immutable_field &&
        GetBool(old->json(), "immutable")) {
      if (!GetBool(object.json(), "immutable")) {
        errors.push_back(Forbidden("immutable", "field is immutable when `immutable` is set"));
      }
      for (const char* field : {"data", "binaryData"}) {
        if (GetAny(old->json(), field) != GetAny(object.json(), field)) {
          errors.push_back(Forbidden(field, "field is immutable when `immutable` is set"));
        }
      }
    }
    if (old != nullptr && ctx.target.def().strategy.write_only_string_data &&
        GetAny(old->json(), "type") != GetAny(object.json(), "type")) {
      errors.push_back(Invalid("type", GetAny(object.json(), "type"), "field is immutable"));
    }
    if (errors.empty()) return OkStatus();
    return InvalidObject(ctx.target.def().group_kind(), object.name(), errors);
  }

 private:
  static void ValidateKeys(const Object& object, FieldErrors* errors) {
    for (const char* field : {"data", "binaryData"}) {
      for (const auto& [key, value] : GetObject(object.json(), field).items()) {
        const bool allowed = !key.empty() && key.size() <= 253 && key != "." && key != ".." &&
                             std::all_of(key.begin(), key.end(), [](unsigned char c) {
                               return std::isalnum(c) || c == '-' || c == '_' || c == '.';
                             });
        if (allowed) continue;
        errors->push_back(Invalid(fmt::format("{}[{}]", field, key), key,
                                  "a valid config key must consist of alphanumeric characters, "
                                  "'-', '_' or '.'"));
      }
    }
  }
};

}  // namespace

const Strategy* DataStrategy() {
  static const Strategy* const strategy = new Data;
  return strategy;
}

}  // namespace gantry::apiserver

#include "apiserver/registry/metadata.h"

#include <array>

#include "apis/machinery/meta/names.h"

namespace gantry::apiserver {
namespace {

constexpr size_t kMaxAnnotationBytes = 256 * 1024;

enum class Shape { kString, kInteger, kStringMap, kStringList, kObject, kObjectList, kTime };

struct Field {
  const char* name;
  Shape shape;
};

constexpr Field kFields[] = {
    {"name", Shape::kString},
    {"generateName", Shape::kString},
    {"namespace", Shape::kString},
    {"uid", Shape::kString},
    {"resourceVersion", Shape::kString},
    {"generation", Shape::kInteger},
    {"creationTimestamp", Shape::kTime},
    {"deletionTimestamp", Shape::kTime},
    {"deletionGracePeriodSeconds", Shape::kInteger},
    {"labels", Shape::kStringMap},
    {"annotations", Shape::kStringMap},
    {"ownerReferences", Shape::kObjectList},
    {"finalizers", Shape::kStringList},
    {"managedFields", Shape::kObjectList},
};

// Of an entry of managedFields. What they say is judged later, and nonsense means the stored ones.
constexpr Field kWriterFields[] = {{"manager", Shape::kString},    {"operation", Shape::kString},
                                   {"apiVersion", Shape::kString}, {"time", Shape::kTime},
                                   {"fieldsType", Shape::kString}, {"fieldsV1", Shape::kObject},
                                   {"subresource", Shape::kString}};

template <size_t n>
const Field* FindField(const Field (&fields)[n], const std::string& name) {
  for (const Field& f : fields) {
    if (name == f.name) return &f;
  }
  return nullptr;
}

// An empty text when `value` has the shape, else what it must be.
std::string CheckShape(Shape shape, const Json& value) {
  const auto all = [&](auto predicate) {
    return std::all_of(value.begin(), value.end(), predicate);
  };
  const auto is_string = [](const Json& v) { return v.is_string(); };
  switch (shape) {
    case Shape::kString: return value.is_string() ? "" : "must be a string";
    case Shape::kInteger: return value.is_number_integer() ? "" : "must be an integer";
    case Shape::kTime:
      return value.is_string() && ParseTime(value.get_ref<const std::string&>()).ok()
                 ? ""
                 : "must be an RFC 3339 time between the years 1678 and 2261";
    case Shape::kStringMap:
      return value.is_object() && all(is_string) ? "" : "must be a map of strings";
    case Shape::kStringList:
      return value.is_array() && all(is_string) ? "" : "must be a list of strings";
    case Shape::kObject: return value.is_object() ? "" : "must be an object";
    case Shape::kObjectList:
      return value.is_array() && all([](const Json& v) { return v.is_object(); })
                 ? ""
                 : "must be a list of objects";
  }
  return "";
}

std::string ValidateName(const schema::Definition& definition, std::string_view name) {
  if (definition.group == "rbac.authorization.k8s.io" || definition.strategy.certificate_request) {
    // These are named freely (`system:node`), as long as the name is one segment of a path.
    if (name == "." || name == ".." || name.find_first_of("/%") != std::string_view::npos) {
      return "may not be '.' or '..' and may not contain '/' or '%'";
    }
    return "";
  }
  if (definition.strategy.namespace_lifecycle) return ValidateDnsLabel(name);
  return ValidateDnsSubdomain(name);
}

void ValidateLabels(const Object& o, FieldErrors* errors) {
  for (const auto& [key, value] : o.labels()) {
    if (std::string why = ValidateQualifiedName(key); !why.empty()) {
      errors->push_back(Invalid("metadata.labels", key, why));
    }
    if (std::string why = ValidateLabelValue(value); !why.empty()) {
      errors->push_back(Invalid("metadata.labels", value, why));
    }
  }
}

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

void ValidateAnnotations(const Object& o, FieldErrors* errors) {
  size_t total = 0;
  for (const auto& [key, value] : o.annotations()) {
    total += key.size() + value.size();
    if (std::string why = ValidateQualifiedName(Lower(key)); !why.empty()) {
      errors->push_back(Invalid("metadata.annotations", key, why));
    }
  }
  if (total > kMaxAnnotationBytes) {
    errors->push_back(TooLong("metadata.annotations", kMaxAnnotationBytes));
  }
}

void ValidateOwners(const Object& o, FieldErrors* errors) {
  int controllers = 0;
  const std::vector<OwnerReference> owners = o.owner_references();
  for (size_t i = 0; i < owners.size(); ++i) {
    const std::string path = fmt::format("metadata.ownerReferences[{}]", i);
    const OwnerReference& owner = owners[i];
    if (owner.api_version.empty()) {
      errors->push_back(Invalid(path + ".apiVersion", "", "version must not be empty"));
    }
    if (owner.kind.empty()) errors->push_back(Invalid(path + ".kind", "", "must not be empty"));
    if (owner.name.empty()) errors->push_back(Invalid(path + ".name", "", "must not be empty"));
    if (owner.uid.empty()) errors->push_back(Invalid(path + ".uid", "", "must not be empty"));
    if (owner.controller && ++controllers == 2) {
      errors->push_back(Invalid("metadata.ownerReferences", o.meta()["ownerReferences"],
                                "only one reference can have `controller` set to true"));
    }
  }
}

Status CheckWriters(const Json& managed_fields) {
  for (size_t i = 0; i < managed_fields.size(); ++i) {
    for (const auto& [key, value] : managed_fields[i].items()) {
      const Field* const field = FindField(kWriterFields, key);
      if (field == nullptr || value.is_null()) continue;
      if (const std::string why = CheckShape(field->shape, value); !why.empty()) {
        return Error(Code::kBadRequest,
                     fmt::format("metadata.managedFields[{}].{}: {}", i, key, why));
      }
    }
  }
  return OkStatus();
}

}  // namespace

Status NormalizeMetadata(Json* object, std::vector<std::string>* dropped) {
  Json& meta = (*object)["metadata"];
  if (meta.is_null()) meta = Json::object();
  if (!meta.is_object()) return Error(Code::kBadRequest, "metadata: must be an object");
  for (auto it = meta.begin(); it != meta.end();) {
    const Field* const field = FindField(kFields, it.key());
    if (field == nullptr || it.value().is_null()) {
      if (field == nullptr && it.key() != "selfLink") dropped->push_back("metadata." + it.key());
      it = meta.erase(it);
      continue;
    }
    if (const std::string why = CheckShape(field->shape, it.value()); !why.empty()) {
      return Error(Code::kBadRequest, fmt::format("metadata.{}: {}", it.key(), why));
    }
    if (it.key() == "managedFields") GANTRY_TRY(CheckWriters(it.value()));
    // Clients that read times as such write them back in their own form, with fractions or an
    // offset.
    if (field->shape == Shape::kTime) {
      it.value() = FormatTime(*ParseTime(it.value().get_ref<const std::string&>()));
    }
    const bool empty_list = it.value().is_structured() && it.value().empty();
    if (empty_list && it.key() != "managedFields") {
      it = meta.erase(it);
      continue;
    }
    ++it;
  }
  return OkStatus();
}

FieldErrors ValidateMetadata(const schema::Definition& definition, const Object& o) {
  FieldErrors errors;
  if (o.name().empty()) {
    errors.push_back(Required("metadata.name", "name or generateName is required"));
  } else if (std::string why = ValidateName(definition, o.name()); !why.empty()) {
    errors.push_back(Invalid("metadata.name", std::string(o.name()), why));
  }
  if (definition.namespaced) {
    if (std::string why = ValidateDnsLabel(o.ns()); !why.empty()) {
      errors.push_back(Invalid("metadata.namespace", std::string(o.ns()), why));
    }
  } else if (!o.ns().empty()) {
    errors.push_back(Forbidden("metadata.namespace", "not allowed on this type"));
  }
  ValidateLabels(o, &errors);
  ValidateAnnotations(o, &errors);
  for (const std::string& finalizer : o.finalizers()) {
    if (std::string why = ValidateQualifiedName(finalizer); !why.empty()) {
      errors.push_back(Invalid("metadata.finalizers", finalizer, why));
    }
  }
  ValidateOwners(o, &errors);
  return errors;
}

FieldErrors ValidateMetadataUpdate(const Object& old, const Object& updated) {
  FieldErrors errors;
  for (const char* field : {"name", "namespace", "uid", "creationTimestamp"}) {
    const Json& before = GetAny(old.meta(), field);
    const Json& after = GetAny(updated.meta(), field);
    if (before != after) {
      errors.push_back(Invalid(std::string("metadata.") + field, after, "field is immutable"));
    }
  }
  if (old.deleting()) {
    for (const std::string& finalizer : updated.finalizers()) {
      if (old.has_finalizer(finalizer)) continue;
      errors.push_back(
          Forbidden("metadata.finalizers",
                    fmt::format("no new finalizers can be added if the object is being deleted, "
                                "found new finalizers [\"{}\"]",
                                finalizer)));
    }
  }
  return errors;
}

void KeepSystemMetadata(const Object& old, Object* updated) {
  Json& meta = updated->Meta();
  // A client that left these out did not mean to change them; one that did is refused later.
  for (const char* field : {"uid", "creationTimestamp", "namespace", "name"}) {
    const Json& value = GetAny(old.meta(), field);
    if (!meta.contains(field) && !value.is_null()) meta[field] = value;
  }
  for (const char* field :
       {"deletionTimestamp", "deletionGracePeriodSeconds", "generation", "generateName"}) {
    const Json& value = GetAny(old.meta(), field);
    if (value.is_null()) {
      meta.erase(field);
    } else {
      meta[field] = value;
    }
  }
}

}  // namespace gantry::apiserver

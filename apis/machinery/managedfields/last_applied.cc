#include "apis/machinery/managedfields/last_applied.h"

#include "apis/machinery/managedfields/compare.h"
#include "apis/machinery/managedfields/structure.h"
#include "apis/machinery/meta/object.h"

namespace gantry::managedfields {
namespace {

constexpr char kAnnotation[] = "kubectl.kubernetes.io/last-applied-configuration";
constexpr size_t kMaxAnnotationBytes = 256 * 1024;

const Json& Annotations(const Json& object) {
  return GetObject(GetObject(object, "metadata"), "annotations");
}

}  // namespace

FieldSetPtr LastAppliedFields(const schema::Node& root, const Json& live) {
  const std::string text = GetString(Annotations(live), kAnnotation);
  if (text.empty()) return nullptr;
  const Result<Json> last = ParseJson(text);
  if (!last.ok() || !last->is_object()) return nullptr;
  const Comparison since = Compare(root, &*last, live);
  return RecursiveDifference(Difference(ConfiguredFields(root, *last), since.changed),
                             since.removed);
}

void UpdateLastApplied(const Json& config, Json* object) {
  if (!Annotations(*object).contains(kAnnotation)) return;
  Json said = config;
  if (Annotations(said).contains(kAnnotation)) {
    Json& annotations = said["metadata"]["annotations"];
    annotations.erase(kAnnotation);
    if (annotations.empty()) said["metadata"].erase("annotations");
  }
  Json& annotations = (*object)["metadata"]["annotations"];
  annotations[kAnnotation] = DumpJson(said) + "\n";
  size_t bytes = 0;
  for (const auto& [key, value] : annotations.items()) {
    bytes += key.size() + (value.is_string() ? value.get_ref<const std::string&>().size() : 0);
  }
  if (bytes > kMaxAnnotationBytes) annotations.erase(kAnnotation);
}

}  // namespace gantry::managedfields

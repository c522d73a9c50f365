#include "apiserver/encryption/configuration.h"

#include <algorithm>

#include "apis/machinery/base/encoding.h"
#include "apis/machinery/meta/field_error.h"
#include "apis/machinery/meta/object.h"
#include "apis/machinery/yaml/yaml.h"

namespace gantry::apiserver {
namespace {

using KeyPtr = std::shared_ptr<const store::SealingKey>;

constexpr size_t kKeyFileBytes = 32;
constexpr char kSecretsPrefix[] = "/core/secrets/";

std::string Item(const std::string& at, size_t i) { return at + "[" + std::to_string(i) + "]"; }

// The prefix of the store keys of `secrets`, `applications.gantry.dev`, `*.gantry.dev`, `*.` or
// `*.*`; nothing when `text` is none of these.
std::optional<std::string> PrefixOf(const std::string& text) {
  if (text == "*.*") return "/";
  const size_t dot = text.find('.');
  const std::string resource = text.substr(0, dot);
  const std::string group = dot == std::string::npos ? "" : text.substr(dot + 1);
  const bool plain = text.find_first_of("/ ") == std::string::npos;
  if (resource.empty() || !plain || group.find('*') != std::string::npos) return std::nullopt;
  const std::string prefix = "/" + (group.empty() ? "core" : group) + "/";
  if (resource == "*") return dot == std::string::npos ? std::nullopt : std::optional(prefix);
  const bool word = resource.find('*') == std::string::npos;
  return word && text.back() != '.' ? std::optional(prefix + resource + "/") : std::nullopt;
}

// Reads a configuration and notes every fault in it.
class ConfigurationReader {
 public:
  store::Keyring Read(const Json& json) {
    Known(json, "", {"apiVersion", "kind", "metadata", "resources"});
    for (const auto& [field, value] : {std::pair{"apiVersion", "apiserver.config.k8s.io/v1"},
                                       {"kind", "EncryptionConfiguration"}}) {
      if (GetAny(json, field) != value) {
        errors_.push_back(NotSupported(field, GetAny(json, field), {value}));
      }
    }
    const Json& list = NonEmpty(json, "resources", "resources", "which resources, and how");
    for (size_t i = 0; i < list.size(); ++i) Entry(list[i], Item("resources", i));
    return std::move(keyring_);
  }
  const FieldErrors& errors() const { return errors_; }

 private:
  void Entry(const Json& json, const std::string& at) {
    if (!IsMapAt(json, at)) return;
    Known(json, at, {"resources", "providers"});
    const Json& providers =
        NonEmpty(json, "providers", at + ".providers", "at least one of aesgcm and identity");
    std::vector<KeyPtr> keys;
    KeyPtr first;
    for (size_t i = 0; i < providers.size(); ++i) {
      const size_t before = keys.size();
      Provider(providers[i], Item(at + ".providers", i), &keys);
      if (i == 0 && keys.size() > before) first = keys[before];
    }
    const Json& resources = NonEmpty(json, "resources", at + ".resources", "what to encrypt");
    for (size_t i = 0; i < resources.size(); ++i) {
      const std::optional<std::string> prefix =
          resources[i].is_string() ? PrefixOf(resources[i].get<std::string>()) : std::nullopt;
      if (prefix) {
        keyring_.AddRule(*prefix, first);
      } else {
        errors_.push_back(Invalid(Item(at + ".resources", i), resources[i],
                                  "must be a resource as in secrets or applications.gantry.dev, or "
                                  "*.gantry.dev, *. or *.*"));
      }
    }
    for (KeyPtr& key : keys) keyring_.AddKey(std::move(key));
  }

  void Provider(const Json& json, const std::string& at, std::vector<KeyPtr>* keys) {
    if (!IsMapAt(json, at)) return;
    if (json.size() != 1) {
      errors_.push_back(
          Required(at, json.empty() ? "one of aesgcm and identity" : "exactly one provider"));
      return;
    }
    const auto provider = json.begin();
    const std::string& name = provider.key();
    const Json& value = *provider;
    if (name == "aesgcm") {
      AesGcm(value, at + ".aesgcm", keys);
    } else if (name != "identity") {
      errors_.push_back(NotSupported(at, name, {"aesgcm", "identity"}));
    } else if (!value.is_null() && !(value.is_object() && value.empty())) {
      // Not its value: it may be a key that stands in the wrong place.
      errors_.push_back(Forbidden(at + ".identity", "takes no parameters: write identity: {}"));
    }
  }

  void AesGcm(const Json& json, const std::string& at, std::vector<KeyPtr>* keys) {
    if (!IsMapAt(json, at)) return;
    Known(json, at, {"keys"});
    const Json& list = NonEmpty(json, "keys", at + ".keys", "at least one key");
    for (size_t i = 0; i < list.size(); ++i) {
      const std::string here = Item(at + ".keys", i);
      if (!IsMapAt(list[i], here)) continue;
      Known(list[i], here, {"name", "secret"});
      const std::string name = GetString(list[i], "name");
      if (name.empty()) errors_.push_back(Required(here + ".name", "the name of the key"));
      const std::string text = GetString(list[i], "secret");
      if (text.empty()) {
        errors_.push_back(Required(here + ".secret", "16, 24 or 32 random bytes in base64"));
      }
      if (name.empty() || text.empty()) continue;
      const std::optional<std::string> secret = Base64Decode(text);
      auto key = store::SealingKey::Make(name, secret.value_or(""));
      if (key.ok()) {
        keys->push_back(std::make_shared<const store::SealingKey>(*std::move(key)));
      } else {
        errors_.push_back(
            Forbidden(here, secret ? key.error().message : "the secret is not base64"));
      }
    }
  }

  bool IsMapAt(const Json& json, const std::string& at) {
    if (!json.is_object()) errors_.push_back(Required(at, "must be a map"));
    return json.is_object();
  }

  // The list, or an empty one and an error.
  const Json& NonEmpty(const Json& json, const char* field, const std::string& at,
                       const char* what) {
    static const Json kNone = Json::array();
    const Json& list = GetAny(json, field);
    if (list.is_array() && !list.empty()) return list;
    errors_.push_back(Required(at, std::string("a list of ") + what));
    return kNone;
  }

  void Known(const Json& json, const std::string& at, const std::vector<std::string>& fields) {
    for (const auto& [key, value] : json.items()) {
      if (std::find(fields.begin(), fields.end(), key) == fields.end()) {
        errors_.push_back(Forbidden(at.empty() ? key : at + "." + key, "unknown field"));
      }
    }
  }

  store::Keyring keyring_;
  FieldErrors errors_;
};

}  // namespace

Result<store::Keyring> ParseEncryptionConfiguration(std::string_view text) {
  const auto documents = yaml::ParseYaml(text);
  if (!documents.ok()) return documents.error();
  if (documents->size() != 1 || !(*documents)[0].value.is_object()) {
    return Error(Code::kInvalid, "an EncryptionConfiguration is one document with resources");
  }
  ConfigurationReader reader;
  store::Keyring keyring = reader.Read((*documents)[0].value);
  if (reader.errors().empty()) return keyring;
  return InvalidObject({"apiserver.config.k8s.io", "EncryptionConfiguration"}, "", reader.errors());
}

store::Keyring DefaultKeyring(const store::SealingKey& key) {
  store::Keyring keyring;
  keyring.AddRule(kSecretsPrefix, std::make_shared<const store::SealingKey>(key));
  return keyring;
}

Result<store::SealingKey> ParseKeyFile(const std::string& name, const std::string& content) {
  if (content.size() == kKeyFileBytes) return store::SealingKey::Make(name, content);
  const std::optional<std::string> decoded = Base64Decode(content);
  if (decoded && decoded->size() == kKeyFileBytes) return store::SealingKey::Make(name, *decoded);
  return Error(Code::kInvalid,
               "a key file has 32 bytes, or their base64; make one with `head -c 32 "
               "/dev/urandom`");
}

}  // namespace gantry::apiserver

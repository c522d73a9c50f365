#include "apis/compose/mounts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "apis/compose/keys.h"
#include "apis/compose/names.h"

namespace gantry::compose {
namespace {

using Mount = v1::ContainerTemplate::Mount;

constexpr const char* kTmpfsOptions[] = {"size", "nr_inodes", "uid", "gid",   "exec",  "noexec",
                                         "suid", "nosuid",    "dev", "nodev", "atime", "noatime"};
constexpr const char* kPropagation[] = {"private", "rprivate", "shared",
                                        "rshared", "slave",    "rslave"};
constexpr char kRelative[] =
    "must be an absolute path: a host has no project directory and no home to start from";

bool IsVolumeName(const std::string& text) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  if (text.empty() || !is_letter(text[0])) return false;
  return std::all_of(text.begin(), text.end(), [&is_letter](char c) {
    return is_letter(c) || c == '_' || c == '.' || c == '-';
  });
}

bool IsPath(const std::string& source) {
  return source[0] == '/' || source[0] == '.' || source[0] == '~' ||
         source.find_first_of("/\\") != std::string::npos;
}

bool IsPropagation(const std::string& mode) {
  return std::find(std::begin(kPropagation), std::end(kPropagation), mode) !=
         std::end(kPropagation);
}

struct ShortMount {
  std::string source;
  std::string target;
  std::string options;
};

// `target`, `source:target` or `source:target:options`.
std::optional<ShortMount> SplitMount(const std::string& text) {
  std::vector<std::string> parts;
  size_t from = 0;
  for (size_t colon = text.find(':'); colon != std::string::npos; colon = text.find(':', from)) {
    parts.push_back(text.substr(from, colon - from));
    from = colon + 1;
  }
  parts.push_back(text.substr(from));
  if (parts.size() == 1) return ShortMount{"", parts[0], ""};
  if (parts.size() > 3 || parts[0].empty()) return std::nullopt;
  return ShortMount{parts[0], parts[1], parts.size() == 3 ? parts[2] : ""};
}

std::string CleanTarget(std::string target) {
  while (target.size() > 1 && target.back() == '/') target.pop_back();
  return target;
}

class MountReader {
 public:
  MountReader(const VolumeTable& volumes, Diagnostics* diag) : volumes_(volumes), diag_(diag) {}

  void Volumes(const Field& field) {
    if (!IsList(field, diag_)) return;
    for (size_t i = 0; i < field.value.size(); ++i) {
      const Field item = field.Item(i);
      if (item.value.is_object()) Long(item);
      else Short(item);
    }
  }

  void Tmpfs(const Field& field) {
    if (field.value.is_null()) return;
    const auto texts = ReadTexts(field, diag_);
    if (!texts) return;
    for (size_t i = 0; i < texts->size(); ++i) {
      const Field item = field.value.is_array() ? field.Item(i) : field;
      const std::string& text = (*texts)[i];
      const size_t colon = text.find(':');
      Mount mount;
      mount.type = "tmpfs";
      mount.target = text.substr(0, colon);
      if (colon != std::string::npos) TmpfsOptions(item, text.substr(colon + 1), &mount);
      Add(item, std::move(mount));
    }
  }

  std::vector<Mount> Take() { return std::move(mounts_); }

 private:
  // size=64m,mode=1777,noexec
  void TmpfsOptions(const Field& item, const std::string& options, Mount* mount) {
    for (size_t from = 0; from < options.size();) {
      const size_t comma = std::min(options.find(',', from), options.size());
      const std::string option = options.substr(from, comma - from);
      from = comma + 1;
      const size_t equals = std::min(option.find('='), option.size());
      const std::string name = option.substr(0, equals);
      const Json value = option.substr(std::min(equals + 1, option.size()));
      if (name == "size" && value.get_ref<const std::string&>().find('%') == std::string::npos) {
        mount->size_bytes = ReadBytes({value, item.place}, diag_).value_or(0);
      } else if (name == "mode") {
        TmpfsMode({value, item.place}, mount);
      } else if (name == "ro") {
        mount->read_only = true;
      } else if (std::find(std::begin(kTmpfsOptions), std::end(kTmpfsOptions), name) !=
                 std::end(kTmpfsOptions)) {
        mount->options.push_back(option);
      } else if (name != "rw") {
        diag_->Unsupported(
            item.place, option,
            fmt::format("the options are mode, ro, rw, {}",
                        fmt::join(std::begin(kTmpfsOptions), std::end(kTmpfsOptions), ", ")));
      }
    }
  }

  // Octal in a text, as chmod has it; YAML makes a number of what stands bare.
  void TmpfsMode(const Field& field, Mount* mount) {
    int mode = -1;
    if (field.value.is_number_integer()) {
      const int64_t number = field.value.get<int64_t>();
      mode = number >= 0 && number <= 07777 ? static_cast<int>(number) : -1;
    } else if (const std::string text = ScalarText(field.value).value_or("");
               !text.empty() && text.size() <= 5 &&
               text.find_first_not_of("01234567") == std::string::npos) {
      mode = static_cast<int>(std::strtol(text.c_str(), nullptr, 8));
    }
    if (mode < 0 || mode > 07777)
      return diag_->Invalid(field.place, field.value, "must be octal permissions such as 1777");
    mount->mode = mode;
  }

  void Short(const Field& item) {
    const auto text = ReadText(item, diag_);
    if (!text) return;
    const auto parts = SplitMount(*text);
    if (!parts) {
      return diag_->Invalid(item.place, item.value, "must be [source:]target[:ro|rw|nocopy]");
    }
    Mount mount;
    mount.target = parts->target;
    mount.type = !parts->source.empty() && IsPath(parts->source) ? "bind" : "volume";
    mount.source = parts->source;
    if (Options(item, parts->options, &mount) && Source(item, &mount)) Add(item, std::move(mount));
  }

  bool Options(const Field& item, const std::string& options, Mount* mount) {
    for (size_t from = 0; from < options.size();) {
      const size_t comma = std::min(options.find(',', from), options.size());
      const std::string option = options.substr(from, comma - from);
      from = comma + 1;
      if (option == "ro") {
        mount->read_only = true;
      } else if (option == "nocopy") {
        mount->no_copy = true;
      } else if (IsPropagation(option) && mount->type == "bind") {
        mount->propagation = option;
      } else if (option == "cached" || option == "delegated" || option == "consistent") {
        continue;  // they speed up a file system that hosts of ours do not have
      } else if (option == "z" || option == "Z") {
        diag_->Warn(item.place,
                    fmt::format("the option {} is not supported yet and was ignored", option));
      } else if (option != "rw") {
        diag_->Unsupported(item.place, option, "the options are ro, rw and nocopy");
        return false;
      }
    }
    return true;
  }

  void Long(const Field& item) {
    Mount mount;
    for (const auto& [key, value] : item.value.items()) {
      if (!CheckKey(Scope::kMount, item.place, key, value, diag_)) continue;
      const Field field = item.Member(key);
      if (key == "type") mount.type = ReadText(field, diag_).value_or("");
      else if (key == "source") mount.source = ReadText(field, diag_).value_or("");
      else if (key == "target") mount.target = ReadText(field, diag_).value_or("");
      else if (key == "read_only") mount.read_only = ReadBool(field, diag_).value_or(false);
      else Nested(key, field, &mount);
    }
    if (mount.type != "volume" && mount.type != "bind" && mount.type != "tmpfs") {
      return diag_->Unsupported(Join(item.place, "type"), mount.type,
                                "must be volume, bind or tmpfs");
    }
    if (mount.type == "bind" && mount.source.empty())
      return diag_->Required(Join(item.place, "source"), "the path on the host");
    if (mount.type == "tmpfs" && !mount.source.empty())
      return diag_->Forbidden(Join(item.place, "source"), "a tmpfs has no source");
    if (mount.type == "volume" && mount.source.empty() && !mount.sub_path.empty())
      return diag_->Required(Join(item.place, "source"), "the volume that `subpath` is in");
    if (Source(item, &mount)) Add(item, std::move(mount));
  }

  void Nested(const std::string& key, const Field& field, Mount* mount) {
    if (!IsMap(field, diag_)) return;
    const Scope scope = key == "bind"     ? Scope::kMountBind
                        : key == "volume" ? Scope::kMountVolume
                                          : Scope::kMountTmpfs;
    for (const auto& [name, value] : field.value.items()) {
      if (!CheckKey(scope, field.place, name, value, diag_)) continue;
      if (scope == Scope::kMountTmpfs) {
        if (name == "size") mount->size_bytes = ReadBytes(field.Member(name), diag_).value_or(0);
        else TmpfsMode(field.Member(name), mount);
        continue;
      }
      if (name == "propagation") {
        Propagation(field.Member(name), mount);
        continue;
      }
      if (name == "subpath") {
        SubPath(field.Member(name), mount);
        continue;
      }
      const auto flag = ReadBool(field.Member(name), diag_);
      if (name == "nocopy") mount->no_copy = flag.value_or(false);
      if (name == "create_host_path" && flag == false)
        diag_->Warn(Join(field.place, name), "is not supported yet and was ignored");
    }
  }

  void Propagation(const Field& field, Mount* mount) {
    const std::string mode = ScalarText(field.value).value_or("");
    if (IsPropagation(mode)) mount->propagation = mode;
    else
      diag_->Unsupported(field.place, field.value,
                         fmt::format("must be one of {}", fmt::join(kPropagation, ", ")));
  }

  // A path that leads out of the volume would be a path of the host.
  void SubPath(const Field& field, Mount* mount) {
    const auto path = ReadText(field, diag_);
    if (!path) return;
    const bool leaves = *path == ".." || path->compare(0, 3, "../") == 0 ||
                        path->find("/../") != std::string::npos ||
                        (path->size() > 2 && path->compare(path->size() - 3, 3, "/..") == 0);
    if (path->empty() || (*path)[0] == '/' || leaves || path->size() > 4096)
      return diag_->Invalid(field.place, field.value,
                            "must be a path inside the volume, without `..`");
    mount->sub_path = *path;
  }

  // Checks the source and translates the name of a volume.
  bool Source(const Field& item, Mount* mount) {
    if (mount->type == "bind") {
      if (mount->source[0] == '/') return true;
      diag_->Invalid(item.place, mount->source, kRelative);
      return false;
    }
    if (mount->type == "tmpfs" || mount->source.empty()) return true;
    const auto it = volumes_.names.find(mount->source);
    if (it == volumes_.names.end()) {
      diag_->Invalid(item.place, mount->source, "is not declared under the top-level `volumes`");
      return false;
    }
    mount->source = it->second;
    return true;
  }

  void Add(const Field& item, Mount mount) {
    if (mount.target.empty() || mount.target[0] != '/') {
      return diag_->Invalid(item.place, mount.target,
                            "the target must be an absolute path in the container");
    }
    mount.target = CleanTarget(std::move(mount.target));
    if (!targets_.insert(mount.target).second) return diag_->Duplicate(item.place, mount.target);
    mounts_.push_back(std::move(mount));
  }

  const VolumeTable& volumes_;
  Diagnostics* diag_;
  std::set<std::string> targets_;
  std::vector<Mount> mounts_;
};

// Reads one declaration. The name of an existing Volume, when it is external.
std::optional<std::string> ReadExternal(const Field& volume, Diagnostics* diag) {
  std::optional<std::string> name;
  bool external = false;
  if (!IsMap(volume, diag)) return std::nullopt;
  for (const auto& [key, value] : volume.value.items()) {
    if (!CheckKey(Scope::kVolume, volume.place, key, value, diag)) continue;
    const Field field = volume.Member(key);
    if (key == "driver") {
      if (!value.is_null() && value != "local" && value != "")
        diag->Unsupported(field.place, value, "must be local");
    } else if (key == "name") {
      name = ReadText(field, diag);
    } else if (value.is_object()) {  // external: {name: x}, of version 2
      external = true;
      if (field.Has("name")) name = ReadText(field.Member("name"), diag);
    } else {
      external = ReadBool(field, diag).value_or(false);
    }
  }
  if (!external) {
    if (name) diag->Warn(Join(volume.place, "name"), "is not supported yet and was ignored");
    return std::nullopt;
  }
  return name.value_or("");
}

// The names of volumes that services of version 1 mount.
std::set<std::string> MountedNames(const Json& services) {
  std::set<std::string> out;
  for (const auto& [name, service] : services.items()) {
    if (!service.is_object()) continue;
    for (const Json& item : GetArray(service, "volumes")) {
      const auto parts = item.is_string() ? SplitMount(item.get<std::string>()) : std::nullopt;
      if (parts && !parts->source.empty() && IsVolumeName(parts->source)) out.insert(parts->source);
    }
  }
  return out;
}

}  // namespace

VolumeTable ReadVolumes(const Input& input, const Json& section, const Json& services,
                        bool implicit, Diagnostics* diag) {
  VolumeTable out;
  Json all = section;
  if (implicit) {
    for (const std::string& name : MountedNames(services)) all[name] = nullptr;
  }
  std::vector<std::string> own;
  for (const auto& [key, value] : all.items()) {
    const Field volume{value, Join("volumes", key)};
    if (!IsVolumeName(key)) {
      diag->Invalid(volume.place, key, "a volume's name has letters, digits, `_`, `.` and `-`");
      continue;
    }
    const auto external = ReadExternal(volume, diag);
    if (external) out.names[key] = external->empty() ? key : *external;
    else own.push_back(key);
  }
  for (const auto& [compose_name, name] : ObjectNames(input.application, own)) {
    Volume volume{compose_name, name, {}};
    volume.spec.cluster = input.cluster;
    out.names[compose_name] = name;
    out.declared.push_back(std::move(volume));
  }
  return out;
}

std::vector<Mount> ReadMounts(const Field& service, const VolumeTable& volumes, Diagnostics* diag) {
  MountReader reader(volumes, diag);
  if (service.Has("volumes")) reader.Volumes(service.Member("volumes"));
  if (service.Has("tmpfs")) reader.Tmpfs(service.Member("tmpfs"));
  return reader.Take();
}

}  // namespace gantry::compose

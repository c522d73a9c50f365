#include "apis/machinery/archive/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>

namespace gantry::archive {
namespace {

namespace fs = std::filesystem;

constexpr char kComplete[] = "complete";
constexpr size_t kPiece = 64 * 1024;
using Write = std::function<bool(std::string_view)>;
using Writer = std::unique_ptr<struct archive, decltype(&archive_write_free)>;
using Reader = std::unique_ptr<struct archive, decltype(&archive_read_free)>;
using Entry = std::unique_ptr<archive_entry, decltype(&archive_entry_free)>;

la_ssize_t GiveOut(struct archive* a, void* write, const void* bytes, size_t size) {
  if ((*static_cast<const Write*>(write))({static_cast<const char*>(bytes), size})) {
    return static_cast<la_ssize_t>(size);
  }
  archive_set_error(a, ECANCELED, "nobody reads");
  return -1;
}

Error ArchiveError(struct archive* a, Code code) {
  const char* const text = archive_error_string(a);
  if (archive_errno(a) == ECANCELED) code = Code::kCancelled;
  return Error(code, text != nullptr ? text : "archive: unknown error");
}

Status PutHeader(struct archive* a, const std::string& name, uint64_t size) {
  const Entry entry(archive_entry_new(), archive_entry_free);
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0600);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
  if (archive_write_header(a, entry.get()) != ARCHIVE_OK)
    return ArchiveError(a, Code::kUnavailable);
  return OkStatus();
}

Status PutFile(struct archive* a, const fs::path& path) {
  std::error_code error;
  uint64_t left = fs::file_size(path, error);
  std::ifstream in(path, std::ios::binary);
  if (error || !in) return Error(Code::kUnavailable, path.string() + ": cannot be read");
  GANTRY_TRY(PutHeader(a, path.filename().string(), left));
  std::array<char, kPiece> piece;
  while (left > 0) {
    in.read(piece.data(), static_cast<std::streamsize>(std::min<uint64_t>(left, kPiece)));
    const auto size = static_cast<size_t>(in.gcount());
    if (size == 0) return Error(Code::kUnavailable, path.string() + ": ended while it was read");
    if (archive_write_data(a, piece.data(), size) < 0) return ArchiveError(a, Code::kUnavailable);
    left -= size;
  }
  return OkStatus();
}

Status TakeFile(struct archive* a, const fs::path& path) {
  std::ofstream out(path, std::ios::binary);
  std::array<char, kPiece> piece;
  while (true) {
    const la_ssize_t size = archive_read_data(a, piece.data(), piece.size());
    if (size < 0) return ArchiveError(a, Code::kInvalid);
    if (size == 0) break;
    out.write(piece.data(), size);
  }
  out.close();
  if (!out) return Error(Code::kUnavailable, path.string() + ": cannot be written");
  return OkStatus();
}

bool IsFlatName(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == name.npos;
}

Status UnpackTo(const std::string& file, const fs::path& directory) {
  const Reader reader(archive_read_new(), archive_read_free);
  struct archive* const a = reader.get();
  archive_read_support_format_tar(a);
  if (archive_read_open_filename(a, file.c_str(), kPiece) != ARCHIVE_OK) {
    return ArchiveError(a, Code::kInvalid);
  }
  archive_entry* entry = nullptr;
  while (true) {
    const int read = archive_read_next_header(a, &entry);
    if (read == ARCHIVE_EOF) return Error(Code::kInvalid, "the archive was cut short");
    if (read != ARCHIVE_OK) return ArchiveError(a, Code::kInvalid);
    const char* const path = archive_entry_pathname(entry);
    const std::string name = path != nullptr ? path : "";
    if (name == kComplete) return OkStatus();
    if (!IsFlatName(name) || archive_entry_filetype(entry) != AE_IFREG) {
      return Error(Code::kInvalid, "\"" + name + "\" in the archive is not a plain file");
    }
    GANTRY_TRY(TakeFile(a, directory / name));
  }
}

}  // namespace

Status Pack(const std::string& directory, const Write& write) {
  std::error_code error;
  const Writer writer(archive_write_new(), archive_write_free);
  struct archive* const a = writer.get();
  archive_write_set_format_pax_restricted(a);
  archive_write_set_bytes_per_block(a, static_cast<int>(kPiece));
  if (archive_write_open(a, const_cast<Write*>(&write), nullptr, GiveOut, nullptr) != ARCHIVE_OK) {
    return ArchiveError(a, Code::kUnavailable);
  }
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    if (!it->is_regular_file(error)) {
      return Error(Code::kInvalid, it->path().string() + ": is not a plain file");
    }
    GANTRY_TRY(PutFile(a, it->path()));
  }
  if (error) return Error(Code::kUnavailable, directory + ": " + error.message());
  GANTRY_TRY(PutHeader(a, kComplete, 0));
  if (archive_write_close(a) != ARCHIVE_OK) return ArchiveError(a, Code::kUnavailable);
  return OkStatus();
}

Status Unpack(const std::string& file, const std::string& directory) {
  std::error_code error;
  if (fs::exists(directory, error)) return Error(Code::kAlreadyExists, directory + ": exists");
  fs::create_directories(directory, error);
  if (error) return Error(Code::kUnavailable, directory + ": " + error.message());
  Status done = UnpackTo(file, directory);
  if (!done.ok()) {
    fs::remove_all(directory, error);
    return done.error().Wrap(file);
  }
  return OkStatus();
}

}  // namespace gantry::archive

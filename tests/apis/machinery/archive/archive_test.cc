#include "apis/machinery/archive/archive.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

namespace gantry::archive {
namespace {

namespace fs = std::filesystem;

class ArchiveTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "gantry-archive-XXXXXX").string();
    root_ = mkdtemp(name.data());
    fs::create_directory(root_ / "in");
    files_ = {{"CURRENT", "MANIFEST-1\n"},
              {"empty", ""},
              {"big.sst", std::string(300'000, '\x7f')},
              {std::string(150, 'n'), "a name longer than ustar's"}};
    for (const auto& [name_in, bytes] : files_) Put(root_ / "in" / name_in, bytes);
  }
  void TearDown() override { fs::remove_all(root_); }

  static void Put(const fs::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }
  static std::map<std::string, std::string> Read(const fs::path& directory) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::directory_iterator(directory)) {
      std::ifstream in(entry.path(), std::ios::binary);
      files[entry.path().filename()].assign(std::istreambuf_iterator<char>(in), {});
    }
    return files;
  }
  std::string Packed() {
    std::string bytes;
    const Status packed = Pack(root_ / "in", [&](std::string_view piece) {
      bytes += piece;
      return true;
    });
    EXPECT_TRUE(packed.ok());
    return bytes;
  }

  fs::path root_;
  std::map<std::string, std::string> files_;
};

TEST_F(ArchiveTest, WhatIsUnpackedIsWhatWasPacked) {
  Put(root_ / "a.tar", Packed());
  ASSERT_TRUE(Unpack(root_ / "a.tar", root_ / "out").ok());
  EXPECT_EQ(Read(root_ / "out"), files_);
}

TEST_F(ArchiveTest, AnArchiveThatWasCutShortIsRefusedWhole) {
  const std::string whole = Packed();
  // The end of a tar file is padding; all that matters comes before the entry `complete`.
  const size_t end = whole.rfind("complete");
  ASSERT_NE(end, std::string::npos);
  for (const size_t size : {size_t{0}, size_t{100}, end / 3, end / 2, end - 1}) {
    SCOPED_TRACE(size);
    Put(root_ / "a.tar", whole.substr(0, size));
    EXPECT_EQ(Unpack(root_ / "a.tar", root_ / "out").code(), Code::kInvalid);
    EXPECT_FALSE(fs::exists(root_ / "out"));
  }
}

TEST_F(ArchiveTest, NothingIsMadeOutsideTheDirectory) {
  const std::string make =
      "cd '" + (root_ / "in").string() + "' && tar cPf ../evil.tar ../in/CURRENT";
  ASSERT_EQ(std::system(make.c_str()), 0);
  const Status unpacked = Unpack(root_ / "evil.tar", root_ / "out");
  ASSERT_EQ(unpacked.code(), Code::kInvalid);
  EXPECT_NE(unpacked.error().message.find("is not a plain file"), std::string::npos)
      << unpacked.error().message;
  EXPECT_FALSE(fs::exists(root_ / "out"));
}

TEST_F(ArchiveTest, SaysWhatCannotBeDone) {
  EXPECT_EQ(Pack(root_ / "in", [](std::string_view) { return false; }).code(), Code::kCancelled);
  EXPECT_EQ(Pack(root_ / "absent", [](std::string_view) { return true; }).code(),
            Code::kUnavailable);
  EXPECT_EQ(Unpack(root_ / "absent.tar", root_ / "out").code(), Code::kInvalid);
  Put(root_ / "text.tar", "this is no archive");
  EXPECT_EQ(Unpack(root_ / "text.tar", root_ / "out").code(), Code::kInvalid);
  EXPECT_EQ(Unpack(root_ / "text.tar", root_ / "in").code(), Code::kAlreadyExists);
  fs::create_directory(root_ / "in" / "sub");
  EXPECT_EQ(Pack(root_ / "in", [](std::string_view) { return true; }).code(), Code::kInvalid);
}

}  // namespace
}  // namespace gantry::archive

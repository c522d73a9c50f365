#include "apiserver/server/backup.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "apis/machinery/archive/archive.h"

namespace gantry::apiserver {
namespace {

namespace fs = std::filesystem;

class BackupTest : public ::testing::Test {
 protected:
  BackupTest() {
    std::string name = (fs::temp_directory_path() / "gantry-backup-XXXXXX").string();
    root_ = mkdtemp(name.data());
    store_ = store::OpenStore("rocksdb:" + (root_ / "store").string()).value();
    fs::create_directories(scratch() / "copy");  // of a process that was killed
    backup_ = std::make_unique<BackupEndpoint>(store_.get(), scratch());
  }
  ~BackupTest() override {
    backup_.reset();
    store_.reset();
    fs::remove_all(root_);
  }
  fs::path scratch() const { return root_ / "scratch"; }

  Response Ask() {
    Request request;
    return RunBlocking(backup_->Answer(request));
  }
  static std::string ReadAll(BodyStream* body) {
    std::string bytes;
    while (true) {
      const auto state = body->Pull(&bytes, 64 * 1024);
      if (state == BodyStream::State::kEnd) return bytes;
      if (state == BodyStream::State::kPending) std::this_thread::yield();
    }
  }
  // The answer once a backup that is running has ended.
  Response AskUntilFree() {
    while (true) {
      Response response = Ask();
      if (response.status != 429) return response;
      std::this_thread::yield();
    }
  }

  fs::path root_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<BackupEndpoint> backup_;
};

TEST_F(BackupTest, IsTheStoreOfTheMomentOfTheRequest) {
  // More than the pipe holds, so that it is sent while writes go on.
  for (int i = 0; i < 8; ++i) {
    std::string value(100'000, '\0');
    std::ifstream("/dev/urandom", std::ios::binary).read(value.data(), 100'000);
    ASSERT_TRUE(store_->Create("/k/" + std::to_string(i), value).ok());
  }
  Response response = Ask();
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.content_type, "application/x-tar");
  ASSERT_TRUE(store_->Create("/k/later", "x").ok());
  EXPECT_EQ(Ask().status, 429) << "one at a time";
  std::ofstream(root_ / "b.tar", std::ios::binary) << ReadAll(response.stream.get());
  ASSERT_TRUE(archive::Unpack(root_ / "b.tar", root_ / "unpacked").ok());
  auto copy = store::OpenStore("rocksdb:" + (root_ / "unpacked").string()).value();
  EXPECT_EQ(copy->List("/k/", {})->records.size(), 8u);
  for (int i = 0; i < 8; ++i) {
    const std::string key = "/k/" + std::to_string(i);
    EXPECT_EQ(copy->Get(key)->record->value, store_->Get(key)->record->value);
  }
  Response second = AskUntilFree();
  ASSERT_EQ(second.status, 200);
  ReadAll(second.stream.get());
}

TEST_F(BackupTest, AClientThatLeavesLeavesNothingBehind) {
  ASSERT_TRUE(store_->Create("/k", std::string(1'000'000, 'x')).ok());
  Response response = Ask();
  ASSERT_EQ(response.status, 200);
  response.stream.reset();
  ASSERT_EQ(AskUntilFree().status, 200);
  backup_.reset();  // waits for the second one, whose body is gone too
  EXPECT_FALSE(fs::exists(scratch()));
}

}  // namespace
}  // namespace gantry::apiserver

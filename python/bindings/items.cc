#include "earthcatalog/rows/items.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bind.h"
#include "earthcatalog/item/item_decoder.h"
#include "errors.h"
#include "job.h"

namespace earthcatalog::python {

namespace nb = nanobind;

namespace {

using JsonTexts = std::vector<std::string>;

class ItemTexts {
 public:
  ItemTexts(const catalog::Paths& paths, const std::vector<std::string>& ids) {
    RunJob(
        [&](const ProgressCallback&, CancelSource* cancel) -> Status {
          ARROW_ASSIGN_OR_RAISE(catalog_, catalog::Catalog::Open(paths));
          return rows::ItemReader::Open(*catalog_, ids, *cancel).Value(&reader_);
        },
        nb::none());
  }

  std::optional<JsonTexts> Next() {
    return ValueOrThrow([this]() -> Result<std::optional<JsonTexts>> {
      nb::gil_scoped_release release;
      const CancelSource never;
      ARROW_ASSIGN_OR_RAISE(const auto items, reader_->Next(never));
      if (!items) return std::nullopt;
      JsonTexts texts;
      for (const int64_t row : items->items) {
        ARROW_ASSIGN_OR_RAISE(texts.emplace_back(), item::DecodeItem(*items->rows, row));
      }
      return texts;
    }());
  }

 private:
  std::unique_ptr<catalog::Catalog> catalog_;
  std::unique_ptr<rows::ItemReader> reader_;
};

}  // namespace

void BindItems(nb::module_& module) {
  nb::class_<ItemTexts>(module, "ItemTexts")
      .def(nb::init<const catalog::Paths&, const std::vector<std::string>&>(), nb::arg("paths"),
           nb::arg("ids"))
      .def("next", &ItemTexts::Next);
}

}  // namespace earthcatalog::python

// The STAC text of a made-up scene.
#pragma once

#include <string>

#include "earthcatalog/synthetic/random.h"
#include "earthcatalog/synthetic/scene.h"

namespace earthcatalog::synthetic {

// The object's key without its ending: velocity/landsat-8/2019/ID
std::string KeyStem(const Scene& scene);

// Draws what else the item says from `random`.
std::string ItemJson(const Scene& scene, const std::string& key_stem, Random* random);

}  // namespace earthcatalog::synthetic

//! The rules between configuration, planned and applied objects (`opentofu.md` 5.8).

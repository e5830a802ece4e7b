//! A set that costs little wasm.

use std::borrow::Borrow;

/// A set as a sorted list: made for hundreds of elements, not for hundreds of thousands. The standard
/// library's B-tree is compiled anew for each type, to 2 KB of wasm after compression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Set<T>(Vec<T>);

impl<T> Default for Set<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Ord> Set<T> {
    /// The element's place, or that where it would stand.
    fn place<Q: Ord + ?Sized>(&self, element: &Q) -> Result<usize, usize>
    where
        T: Borrow<Q>,
    {
        self.0.binary_search_by(|other| other.borrow().cmp(element))
    }

    /// Says whether it was not there before.
    pub(crate) fn insert(&mut self, element: T) -> bool {
        let free = self.place(&element).err();
        if let Some(place) = free {
            self.0.insert(place, element);
        }
        free.is_some()
    }

    /// Says whether it was there.
    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, element: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        let place = self.place(element);
        place.map(|place| self.0.remove(place)).is_ok()
    }

    pub(crate) fn contains<Q: Ord + ?Sized>(&self, element: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.place(element).is_ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        self.0.retain(keep);
    }
}

/// From the least to the greatest.
impl<T> IntoIterator for Set<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// From the least to the greatest.
impl<'a, T> IntoIterator for &'a Set<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T: Ord> FromIterator<T> for Set<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        let mut set = Self::default();
        for element in elements {
            set.insert(element);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_each_element_once_and_in_order() {
        let mut set: Set<u32> = [3, 1, 2, 3].into_iter().collect();
        assert!(!set.insert(1) && set.insert(0));
        assert!(set.remove(&2) && !set.remove(&2));
        assert!(set.contains(&3) && !set.contains(&2));
        assert_eq!((&set).into_iter().copied().collect::<Vec<_>>(), [0, 1, 3]);
        set.retain(|element| *element > 0);
        assert_eq!(set.len(), 2);
        assert_eq!(set.into_iter().collect::<Vec<_>>(), [1, 3]);
    }
}

"""What the lessons say that libraries send is what they send."""

import unittest

import lessons


class Recorded(unittest.TestCase):
    def test_every_block_of_python_runs_and_sends_what_stands_beside_it(self):
        self.assertEqual(lessons.main(write=False), [])


if __name__ == "__main__":
    unittest.main()

"""Corner & Co., a made-up shop to try everything on: support tickets, leads, and offers to subscribers.

Nothing of it is anybody's data. Policies are in ``policies/``; people, facts and texts are drawn in ``generating`` and
``tickets`` from a fixed seed, so every demo tells the same story, on whatever day it is built; ``service`` builds it through the
same verbs as every other installation.

Two differences between groups are built in, so that there is something to find. Of the 5,000 imported decisions:

* **Offers**: at equal facts a discount is proposed to subscribers of 60 or older clearly less often: to 100 of 338 (29.6 %),
  against 584 of the other 1,262 (46.3 %). Ratio 0.64, difference 16.7 points, 95 % interval 11.1 to 22.3. The facts are drawn
  without regard to age; the machine takes ``generating.AGE_60_PENALTY`` off their score.
* **Leads**: "call today" is proposed to 152 of 480 women (31.7 %) and to 171 of 520 men (32.9 %). Ratio 0.96, difference 1.2
  points, 95 % interval -4.6 to 7.0: too little to tell, though the machine does take ``generating.WOMEN_PENALTY`` off.

It imports from all of governance but the command line and the worker, which stand above it.
"""

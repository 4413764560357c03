"""Corner & Co., a made-up shop to try everything on: support tickets, leads, and offers to subscribers.

Nothing of it is anybody's data. Policies are in ``policies/``; people, facts and texts are drawn in ``generating`` and
``tickets`` from a fixed seed, so every demo tells the same story, on whatever day it is built; ``service`` builds it through the
same verbs as every other installation.

Two differences between groups are built in, so that there is something to find. Of the 5,000 imported decisions:

* **Offers**: at equal facts a discount is proposed to subscribers of 60 or older clearly less often: to 69 of 324 (21.3 %),
  against 611 of the other 1,276 (47.9 %). Ratio 0.44, difference 26.6 points, 95 % interval 21.1 to 31.5. The facts are drawn
  without regard to age; the machine takes ``generating.AGE_60_PENALTY`` off their score. A monitor finds it and puts the point on hold.
* **Leads**: "call today" is proposed to 150 of 474 women (31.6 %) and to 195 of 526 men (37.1 %). Ratio 0.85, difference 5.4
  points, 95 % interval -0.5 to 11.2: too little to tell, though the machine does take ``generating.WOMEN_PENALTY`` off.

It imports from all of governance but the command line and the worker, which stand above it.
"""

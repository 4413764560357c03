"""From a fairness report (a value of JSON) to something that people read and look at.

``words`` says each figure in a sentence, in English and German; ``charts`` draws; ``sections`` puts both in order;
``document`` makes the one document that the console's pages, the stand-alone page and the printed one are drawn from; ``page``
writes the stand-alone page. Not for: reading counts or keeping anything. May import the standard library and
``audits.fairness`` alone, so that the web service can show a report without further packages.
"""

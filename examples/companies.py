"""Invented names for the real companies of the complaint records, each company always by the same."""

import re
from collections.abc import Iterable
from itertools import product

_FIRST = (
    "Northgate|Fernhill|Eastmere|Larkfield|Oakhaven|Stonebury|Millrace|Ashdown|Highmoor|Wexcombe|"
    "Brindlewood|Kestrelby|Thornley|Marshgate|Hollowell"
)
_SECOND = "Servicing|Lending|Credit|Loans|Guaranty|Finance|Advance|Funding|Accounts|Trustees|Thrift|Savings|Notes"
INVENTED = tuple(f"{first} {second}" for second, first in product(_SECOND.split("|"), _FIRST.split("|")))

# What people call these companies when they do not use the registered name.
BRANDS = {
    "ENOVA INTERNATIONAL, INC.": "NetCredit|CashNetUSA",
    "WELLS FARGO & COMPANY": "Wells Fargo|Wells|Fargo",
    "JPMORGAN CHASE & CO.": "JP ?Morgan|Chase",
    "CITIBANK, N.A.": "Citi ?bank|Citi",
    "CITIZENS FINANCIAL GROUP, INC.": "Citizens Bank|Citizens One|Citizens",
    "OneMain Finance Corporation": "One ?Main(?: Financial)?",
    "SYNCHRONY FINANCIAL": "Synchrony(?: Bank)?",
    "TD BANK US HOLDING COMPANY": "TD ?Bank|TD Retail|TD",
    "TRUIST FINANCIAL CORPORATION": "Truist",
    "REGIONS FINANCIAL CORPORATION": "Ener ?bank(?: ?USA)?|Regions",
    "Bread Financial Holdings, Inc.": "Comenity(?: Capital)?(?: Bank)?|Bread",
    "GOLDMAN SACHS BANK USA": "Goldman(?: Sachs)?|Green ?sky|Marcus",
    "Atlanticus Services Corporation": "Fortiva|Atlanticus",
    "American First Finance, Inc.": "American First|First Finance|First Fiance",
    "MoneyLion Inc.": "Money ?Lion",
    "DigniFi": "Dig[in]+i?fi",
    "World Acceptance Corporation": "World Finance|World Acceptance",
    "Activehours": r"Earnins?\b",
    "Block, Inc.": r"Afterpay|Cash ?App\b|Square",
    "Paypal Holdings, Inc": "Pay ?pal|Venmo",
    "Zip Co US Inc.": "Quad ?pay",
    "U.S. BANCORP": r"US ?Bank|U\.S\. Bank|Bancorp",
    "KEYCORP": "Key ?Bank|Keycorp",
    "PNC Bank N.A.": "PNC",
    "NAVY FEDERAL CREDIT UNION": "Navy Federal|Navy FCU|NFCU",
    "PENTAGON FEDERAL CREDIT UNION": "Pen ?Fed|Pentagon Federal",
    "UNITED SERVICES AUTOMOBILE ASSOCIATION": "USAA",
    "Army and Air Force Exchange Service": "AAFES|Military Star",
    "Select Management Resources, LLC": "Loan ?Max|Loanmax",
    "Populus Financial Group, Inc. (F/K/A Ace Cash Express)": "Ace Cash(?: Express)?|Ace Express|Populus",
    "RFNA, LP": "Republic Finance|RFNA",
    "Regional Management Corporation": "Regional Finance|Regional Management",
    "SoLo Funds Inc.": "Solo Funds|Solo",
    "Kikoff Inc.": "Kikoff",
    "Possible Financial Inc": "Possible Finance|Possible Financial",
    "Tower Loan of Mississippi, Inc.": "Tower ?Loan",
    "Mobiloans, LLC": "Mobi?l[ao]+i?ons?|Mobiloans?",
    "Conn's, Inc.": "Conn's|Conns|Conn",
    "ALLY FINANCIAL INC.": "Ally",
    "DISCOVER BANK": "Discover Bank|Discover Personal|Discover Financial|Discover",
    "AMERICA FIRST FEDERAL CREDIT UNION": "America First",
    "CAPITAL ONE FINANCIAL CORPORATION": "Capital One",
    "BANNER CORPORATION": "Banner Bank",
    "QuickClick Loans of Illinois, LLC": "Quick ?Click",
    "FORD MOTOR CREDIT CO.": "Ford Motor|Ford Credit",
    "TrueAccord Corp.": "True ?Accord",
    "Fig Tech Inc.": "Fig Loans|Fig",
    "Grain Technology, Inc.": "Grain Techno\\w*|Grain",
    "UPGRADE, INC.": "Upgrade|Upgarde",
    "Affirm Holdings, Inc": "Affirm",
    "Self Financial Inc.": "Self Financial|Self Lender",
    "Avant Holding Company, Inc.": "Avant",
    "LendingPoint Holdings LLC": "Lending ?Point",
    "ACIMA CREDIT, LLC": "Acima",
    "Credit Central Holdings, LLC": "Credit Central",
    "National Credit Adjusters, LLC": "National Credit Adjust\\w*",
    "Experian Information Solutions Inc.": "Experian",
    "EQUIFAX, INC.": "Equifax",
    "TRANSUNION INTERMEDIATE HOLDINGS, INC.": "Trans ?Union",
    "SECURITY FINANCE CORP": "Security Finance",
    "Local Management, LLC": "Local Finance|Local Management",
    "ENCORE CAPITAL GROUP INC.": "Encore Capital",
    "Debt Recovery Solutions, LLC": "Debt Recovery Solutions",
    "BANK OF AMERICA, NATIONAL ASSOCIATION": "Bank of America|BofA",
}
# Companies that only narratives name.
_OTHERS = (
    r"Koal?a?[fl]+[aei]+fi|Koa[fl]afi|Goodleap|Alphaeon|Liberty Loans|Zales|Asurion|American Freight|"
    r"Omni Financial|Opichi Funds|Cascade Springs|Black Hills|Service Finance|Dividend Finance|"
    r"Brookwood Loans?|Lendumo|Wiseloan|Spotloan|Discount Tire|Rooms To Go|Cash Factory USA|"
    r"Roto Rooter|Alleviate|Payday Rebel|Real Solid|Switch|Lovely|Whirlpool|DocuSign|Check ?n ?Go|"
    r"Credit Karma|Zelle|Klarna|FICO|Amazon|Walmart|Apple|Patient Solutions"
)
OTHERS = _OTHERS.split("|")
_EVERYDAY = (
    "upgrade|block|affirm|self|possible|zip|discover|ally|regions|grain|fig|conn|conns|avant|solo|wells|"
    "citi|citizens|switch|bread|chase|square|alleviate|lovely|apple|td|marcus|hatfield|siggi|momnt"
)
# Registered names whose stem is an everyday word: replaced only where it is written as a name.
EVERYDAY = frozenset(_EVERYDAY.split("|"))
# Stems that say nothing on their own; the registered name and its brands are replaced.
_EMPTY = "security|national|local|professional|regional|revolution|flexible|cardinal|banner|aqua|encore|debt recovery"
EMPTY = frozenset(_EMPTY.split("|"))
# Everyday words that stay common words even in a complaint about the company of that name.
COMMON = frozenset({"possible", "self", "zip", "block"})

_LEGAL = re.compile(
    r",? \(F/K/A.*|,? dba .*|(?:[\s,]+(?:inc|llc|lp|corp|corporation|company|co|n\.?a|s\.?a|holdings?|us|usa|"
    r"international|intermediate|limited partnership|national association|bank|financial|finance|group|"
    r"services?|technologies|technology|tech|solutions|management|enterprises?|&)\.?)+$",
    re.IGNORECASE,
)


class Disguise:
    """Replaces real company names by invented ones, each always by the same."""

    def __init__(self, companies: Iterable[str]) -> None:
        names = [*companies, *OTHERS]
        self._invented = dict(zip(names, INVENTED, strict=False))
        found = [(alias, name) for name in names for alias in _aliases(name)]
        # Longer names first, so that a part never hides the whole.
        ordered = sorted(found, key=lambda pair: -len(pair[0]))
        self._patterns = [(_pattern(alias), self._invented[name]) for alias, name in ordered]

    def name(self, company: str) -> str:
        """Give the invented name of a company."""
        return self._invented[company]

    def text(self, text: str, *, about: str) -> str:
        """Give a text without real names; the company it is about is replaced however it is written."""
        for alias in sorted(_aliases(about), key=len, reverse=True):
            if alias.lower() in COMMON:
                continue
            text = re.sub(rf"\b(?:{alias})(?:s\b|\b)", self.name(about), text, flags=re.IGNORECASE)
        for pattern, invented in self._patterns:
            text = pattern.sub(invented, text)
        return text


def stem(company: str) -> str:
    """Give a company's name without its legal form."""
    return _LEGAL.sub("", company).strip(" ,.")


def _aliases(name: str) -> set[str]:
    if name in OTHERS:
        return {name}
    aliases = {re.escape(name), *BRANDS.get(name, "").split("|")}
    if stem(name).lower() not in EMPTY:
        aliases.add(re.escape(stem(name)))
    return aliases - {""}


def _pattern(alias: str) -> re.Pattern[str]:
    if alias.lower() in EVERYDAY or len(alias) <= 4:
        forms = "|".join(sorted({alias, alias.capitalize(), alias.upper()}))
        return re.compile(rf"\b(?:{forms})(?:s\b|\b)")
    return re.compile(rf"\b(?:{alias})", re.IGNORECASE)

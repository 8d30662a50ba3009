"""One ONIX product: what it is, who made it, what it costs in France, whether it may be sold."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from connectors.base import Delete, Reject, Upsert
from connectors.onix_reading import MessageReader

TODAY = date(2026, 11, 23)


def change_of(inside: str, *, header: str = ""):
    """The change that a 3.0 product makes whose blocks are `inside`."""
    return read(f"<ONIXMessage release='3.0'>{header}<Product>{inside}</Product></ONIXMessage>")


def read(message: str):
    reader = MessageReader("onix", "essai", place="f.xml", today=TODAY)
    (change,) = [*reader.feed(message.encode()), *reader.finish(recorded=True)]
    return change


REFERENCE = "<RecordReference>r-1</RecordReference><NotificationType>03</NotificationType>"
TITLE = (
    "<TitleDetail><TitleType>01</TitleType><TitleElement><TitleElementLevel>01</TitleElementLevel>"
    "<TitleText>Titre</TitleText></TitleElement></TitleDetail>"
)
DESCRIBED = f"<DescriptiveDetail><ProductForm>BC</ProductForm>{TITLE}</DescriptiveDetail>"


def priced(*prices: str, availability: str = "20", market: str = "") -> str:
    inside = "".join(f"<Price>{price}</Price>" for price in prices)
    return (
        f"{REFERENCE}{DESCRIBED}<ProductSupply>{market}<SupplyDetail>"
        f"<ProductAvailability>{availability}</ProductAvailability>{inside}</SupplyDetail></ProductSupply>"
    )


def price(
    amount: str = "10.00",
    kind: str = "04",
    currency: str = "EUR",
    countries: str = "",
    more: str = "",
) -> str:
    territory = f"<Territory><CountriesIncluded>{countries}</CountriesIncluded></Territory>" if countries else ""
    return (
        f"<PriceType>{kind}</PriceType>{more}<PriceAmount>{amount}</PriceAmount>"
        f"<CurrencyCode>{currency}</CurrencyCode>{territory}"
    )


def dated(role: str, day: str) -> str:
    return f"<PriceDate><PriceDateRole>{role}</PriceDateRole><Date dateformat='00'>{day}</Date></PriceDate>"


TAX = "<Tax><TaxRatePercent>5.5</TaxRatePercent><TaxableAmount>10.00</TaxableAmount></Tax>"


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        ([price("10.00")], 1000),
        ([price("12.00", "02"), price("10.00", "04")], 1000),
        ([price("9.00", "42"), price("12.00", "02")], 900),
        ([price("31.00", more="<PriceQualifier>16</PriceQualifier>"), price("10.00")], 1000),
        ([price("31.00", more="<PriceQualifier>10</PriceQualifier>")], None),
        ([price("11.00", more="<PriceQualifier>05</PriceQualifier>")], 1100),
        ([price("10.00", currency="CHF")], None),
        ([price("10.00", countries="BE CH")], None),
        ([price("9.00"), price("10.00", countries="BE FR")], 1000),
        ([price("10.00", "03", more=TAX)], 1055),
        ([price("10.00", "03", more="<Tax><TaxAmount>0.55</TaxAmount></Tax>")], 1055),
        ([price("10.00", "03")], None),
        ([price("10.00", "05")], None),
        ([price("10.00"), price("5.00", more=dated("14", "20261101") + dated("15", "20261130"))], 500),
        ([price("10.00"), price("5.00", more=dated("24", "20261101 20261130"))], 500),
        ([price("10.00"), price("5.00", more=dated("24", "20261001 20261031"))], 1000),
        ([price("10.00", more=dated("14", "20200101")), price("11.00", more=dated("14", "20260101"))], 1100),
        ([price("10.00"), price("12.00", more=dated("14", "20270101"))], 1000),
        ([price("12.00", more=dated("14", "20270101"))], 1200),
        ([price("8,10")], 810),
        ([price("dix euros")], None),
        ([price("0.00")], 0),
        (["<PriceType>04</PriceType><UnpricedItemType>01</UnpricedItemType><CurrencyCode>EUR</CurrencyCode>"], 0),
        ([price("10.00", more="<MinimumOrderQuantity>10</MinimumOrderQuantity>")], None),
        (
            [
                price("3.00", more="<PriceCondition><PriceConditionType>10</PriceConditionType></PriceCondition>"),
                price("10.00"),
            ],
            1000,
        ),
        ([], None),
    ],
    ids=[
        "fixed price with tax",
        "fixed before recommended",
        "agency before recommended",
        "not a library's",
        "never a library's",
        "consumers'",
        "francs",
        "not in France",
        "France by name first",
        "tax computed",
        "tax told",
        "tax unknown",
        "supplier's",
        "promotion in force",
        "promotion in one date",
        "promotion over",
        "latest price in force",
        "not yet",
        "only a coming one",
        "decimal comma",
        "no amount",
        "zero",
        "free",
        "by the dozen",
        "rental",
        "none",
    ],
)
def test_the_price_a_french_reader_pays(prices, expected) -> None:
    """Of all prices, the one in euros, for France, tax included, for anybody, in force today."""
    assert expected == change_of(priced(*prices)).record.price_cents


@pytest.mark.parametrize(
    ("availability", "status", "expected"),
    [
        ("20", "04", True),
        ("21", "04", True),
        ("30", "04", False),
        ("40", "04", False),
        ("46", "04", False),
        ("51", "07", False),
        ("98", "04", None),
        ("20", "11", False),
        ("21", "07", True),
        ("10", "02", False),
    ],
)
def test_what_may_be_sold(availability, status, expected) -> None:
    """In stock or to order is sold; withdrawn is not; « no longer told » keeps what was known."""
    inside = priced(price(), availability=availability)
    inside += f"<PublishingDetail><PublishingStatus>{status}</PublishingStatus></PublishingDetail>"
    assert expected is change_of(inside).record.sellable


def test_an_announced_book_is_sold_from_its_day_in_paris() -> None:
    """Availability 10 with an embargo: sellable from midnight in Paris of that day."""
    day = "<PublishingDate><PublishingDateRole>02</PublishingDateRole><Date>20261224</Date></PublishingDate>"
    record = change_of(priced(price(), availability="10") + f"<PublishingDetail>{day}</PublishingDetail>").record
    assert (True, datetime(2026, 12, 23, 23, 0, tzinfo=UTC)) == (record.sellable, record.sellable_from)


def test_a_market_elsewhere_says_nothing_of_france() -> None:
    """Supply for another market neither prices the book nor makes it sold here."""
    market = "<Market><Territory><CountriesIncluded>GB</CountriesIncluded></Territory></Market>"
    record = change_of(priced(price(), market=market)).record
    assert (record.price_cents, record.sellable) == (None, None)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("<ProductForm>BB</ProductForm>", "LIVRE_PAPIER"),
        ("<ProductForm>ED</ProductForm><ProductFormDetail>E101</ProductFormDetail>", "LIVRE_NUMERIQUE"),
        ("<ProductForm>AJ</ProductForm>", "TELECHARGEMENT_LIVRE_AUDIO"),
        ("<ProductForm>ED</ProductForm><PrimaryContentType>01</PrimaryContentType>", "TELECHARGEMENT_LIVRE_AUDIO"),
        ("<ProductForm>AC</ProductForm>", "LIVRE_AUDIO_PHYSIQUE"),
        ("<ProductForm>AC</ProductForm><ProductContentType>03</ProductContentType>", "SUPPORT_PHYSIQUE_MUSIQUE_CD"),
        ("<ProductForm>PI</ProductForm>", "PARTITION"),
        ("<ProductForm>VI</ProductForm>", "SUPPORT_PHYSIQUE_FILM"),
        ("<ProductForm>SC</ProductForm><ProductPart><ProductForm>BC</ProductForm></ProductPart>", "LIVRE_PAPIER"),
        ("<ProductForm>ZD</ProductForm>", None),
        ("<ProductForm>CA</ProductForm>", None),
        ("<ProductForm>00</ProductForm>", None),
        ("<ProductForm>SA</ProductForm>", None),
        ("<NumberOfPages>32</NumberOfPages>", "LIVRE_PAPIER"),
        ("<NumberOfPages>0</NumberOfPages>", None),
        ("", None),
    ],
)
def test_the_form_files_the_product_or_rejects_it(form, expected) -> None:
    """A form the pass Culture has nothing for is rejected by name, never filed under something else."""
    change = change_of(f"{REFERENCE}<DescriptiveDetail>{form}{TITLE}</DescriptiveDetail>")
    if expected is None:
        assert isinstance(change, Reject)
        assert "form" in change.why
        assert change.ref.key == "r-1"
    else:
        assert expected == change.record.subcategory


@pytest.mark.parametrize(
    ("identifiers", "expected", "notes"),
    [
        ([("15", "978-2-07-036002-4")], "9782070360024", 0),
        ([("02", "2070360024")], "9782070360024", 0),
        ([("03", "9782070360025"), ("15", "9782070360024")], "9782070360024", 1),
        ([("03", "9782070360024"), ("15", "9782070368228")], "9782070368228", 1),
        ([("03", "9780000000000")], None, 1),
        ([("03", "978123456789")], None, 1),
        ([("01", "P-42")], None, 0),
    ],
)
def test_the_ean_is_verified(identifiers, expected, notes) -> None:
    """The ISBN goes before the EAN; what cannot be an EAN is dropped with a note."""
    told = "".join(
        f"<ProductIdentifier><ProductIDType>{kind}</ProductIDType><IDValue>{value}</IDValue></ProductIdentifier>"
        for kind, value in identifiers
    )
    change = change_of(REFERENCE + told + DESCRIBED)
    assert ([expected] if expected else []) == [one.value for one in change.record.identifiers]
    assert notes == len(change.notes)


def test_thirteen_digits_that_are_no_ean_reject_the_product() -> None:
    """A mistyped EAN would sell another book: the row is kept for the publisher to mend."""
    told = "<ProductIdentifier><ProductIDType>03</ProductIDType><IDValue>9782070360025</IDValue></ProductIdentifier>"
    change = change_of(REFERENCE + told + DESCRIBED)
    assert change.why == "ean « 9782070360025 » refusé : la clé de contrôle est fausse"
    assert b"9782070360025" in change.raw


@pytest.mark.parametrize(
    ("notification", "expected"),
    [("05", Delete), ("04", Reject), ("88", Reject), ("89", Reject), ("01", Upsert), ("02", Upsert)],
)
def test_notifications(notification, expected) -> None:
    """05 deletes; a partial update and a test record are rejected; the rest restates the product."""
    inside = f"<RecordReference>r-1</RecordReference><NotificationType>{notification}</NotificationType>{DESCRIBED}"
    change = change_of(inside)
    assert isinstance(change, expected)
    if expected is not Upsert:
        assert change.ref.key == "r-1"


def test_a_deletion_may_carry_its_key_only() -> None:
    """05 with nothing but ids deletes; without RecordReference, under the EAN."""
    inside = (
        "<NotificationType>05</NotificationType><ProductIdentifier><ProductIDType>15</ProductIDType>"
        "<IDValue>9782070360024</IDValue></ProductIdentifier>"
    )
    assert change_of(inside).ref.key == "9782070360024"
    assert change_of("<NotificationType>05</NotificationType>").why == "ni RecordReference ni ISBN"


def test_titles_are_put_together() -> None:
    """Prefix and rest, subtitle, number in the collection; « L' » takes no space."""
    detail = (
        "<DescriptiveDetail><ProductForm>BC</ProductForm><TitleDetail><TitleType>01</TitleType><TitleElement>"
        "<TitleElementLevel>01</TitleElementLevel><PartNumber>3</PartNumber><TitlePrefix>L'</TitlePrefix>"
        "<TitleWithoutPrefix>Assommoir</TitleWithoutPrefix><Subtitle>Les Rougon</Subtitle></TitleElement></TitleDetail>"
        "<Collection><CollectionType>10</CollectionType><TitleDetail><TitleType>01</TitleType><TitleElement>"
        "<TitleElementLevel>02</TitleElementLevel><TitlePrefix>Les</TitlePrefix><TitleWithoutPrefix>Classiques"
        "</TitleWithoutPrefix></TitleElement></TitleDetail></Collection></DescriptiveDetail>"
    )
    record = change_of(REFERENCE + detail).record
    told = (record.title, record.subtitle, record.volume, record.collection)
    assert told == ("L'Assommoir", "Les Rougon", "3", "Les Classiques")
    assert change_of(f"{REFERENCE}<DescriptiveDetail/>").why == "titre manquant"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("<PersonName>Annie Ernaux</PersonName>", "Annie Ernaux"),
        (
            "<NamesBeforeKey>Simone</NamesBeforeKey><PrefixToKey>de</PrefixToKey><KeyNames>Beauvoir</KeyNames>",
            "Simone de Beauvoir",
        ),
        ("<PersonNameInverted>Ernaux, Annie</PersonNameInverted>", "Annie Ernaux"),
        ("<CorporateName>Oulipo</CorporateName>", "Oulipo"),
        ("<UnnamedPersons>01</UnnamedPersons>", None),
    ],
)
def test_names_are_read_first_name_first(name, expected) -> None:
    """However the name is given; nobody is not a contributor."""
    contributor = f"<Contributor><ContributorRole>B06</ContributorRole>{name}</Contributor>"
    detail = f"<DescriptiveDetail><ProductForm>BC</ProductForm>{TITLE}{contributor}</DescriptiveDetail>"
    found = [(one.name, one.role) for one in change_of(REFERENCE + detail).record.contributors]
    assert ([(expected, "translator")] if expected else []) == found


@pytest.mark.parametrize(
    "text",
    [
        "<Text textformat='05'><p>L'<i>Été</i> à<br/>Noël</p></Text>",
        "<Text>&lt;p&gt;L'&lt;i&gt;Été&lt;/i&gt; à&lt;br/&gt;Noël&lt;/p&gt;</Text>",
        "<Text textformat='06'><![CDATA[<p>L'<i>&Eacute;t&eacute;</i> &agrave;</p> Noël]]></Text>",
        "<Text>L'Été à Noël</Text>",
    ],
    ids=["XHTML", "escaped", "CDATA with entities", "plain"],
)
def test_texts_lose_their_markup_whatever_they_are_said_to_be(text) -> None:
    """Markup is judged by the content, not by the attribute."""
    collateral = f"<CollateralDetail><TextContent><TextType>03</TextType>{text}</TextContent></CollateralDetail>"
    assert change_of(REFERENCE + DESCRIBED + collateral).record.description == "L'Été à Noël"


@pytest.mark.parametrize(
    ("told", "expected", "notes"),
    [("20261124", "2026-11-24", 0), ("202611", "2026-11", 0), ("2026", "2026", 0), ("20260230", None, 1),
     ("20110601T000000+0200", "2011-06-01", 0), ("00000000", None, 0), ("printemps", None, 1)],
)  # fmt: skip
def test_publication_days_are_as_precise_as_told(told, expected, notes) -> None:
    """Year, month or day; what is no date is left out with a note."""
    day = f"<PublishingDate><PublishingDateRole>01</PublishingDateRole><Date>{told}</Date></PublishingDate>"
    change = change_of(f"{REFERENCE}{DESCRIBED}<PublishingDetail>{day}</PublishingDetail>")
    assert expected == change.record.published_on
    assert notes == len(change.notes)


def test_the_header_says_what_products_leave_out() -> None:
    """Default language, currency and price type of the header hold for products without their own."""
    header = (
        "<Header><DefaultLanguageOfText>FRE</DefaultLanguageOfText><DefaultPriceType>04</DefaultPriceType>"
        "<DefaultCurrencyCode>EUR</DefaultCurrencyCode></Header>"
    )
    record = change_of(priced("<PriceAmount>7.00</PriceAmount>"), header=header).record
    assert (record.language, record.price_cents) == ("fre", 700)


TWINS = {
    "3.0 reference": f"""<ONIXMessage release="3.0"><Product>{REFERENCE}
      <ProductIdentifier><ProductIDType>15</ProductIDType><IDValue>9782070360024</IDValue></ProductIdentifier>
      <DescriptiveDetail><ProductForm>BC</ProductForm>
      <Collection><TitleDetail><TitleType>01</TitleType><TitleElement><TitleElementLevel>02</TitleElementLevel>
        <PartNumber>2</PartNumber><TitleText>Folio</TitleText></TitleElement></TitleDetail></Collection>
      <TitleDetail><TitleType>01</TitleType><TitleElement><TitleElementLevel>01</TitleElementLevel>
        <TitleText>L’Étranger</TitleText></TitleElement></TitleDetail>
      <Contributor><ContributorRole>A01</ContributorRole><PersonName>Albert Camus</PersonName></Contributor>
      <Language><LanguageRole>01</LanguageRole><LanguageCode>fre</LanguageCode></Language>
      <Extent><ExtentType>00</ExtentType><ExtentValue>191</ExtentValue><ExtentUnit>03</ExtentUnit></Extent>
      </DescriptiveDetail>
      <CollateralDetail><TextContent><TextType>03</TextType><Text>Un texte.</Text></TextContent></CollateralDetail>
      <PublishingDetail><Publisher><PublishingRole>01</PublishingRole><PublisherName>Gallimard</PublisherName></Publisher>
      <PublishingDate><PublishingDateRole>01</PublishingDateRole><Date>19720107</Date></PublishingDate></PublishingDetail>
      <ProductSupply><SupplyDetail><ProductAvailability>21</ProductAvailability><Price><PriceType>04</PriceType>
        <PriceAmount>7.50</PriceAmount><CurrencyCode>EUR</CurrencyCode>
        <Territory><CountriesIncluded>FR</CountriesIncluded></Territory></Price></SupplyDetail></ProductSupply>
      </Product></ONIXMessage>""",
    "3.1 short": """<ONIXmessage release="3.1" xmlns="http://ns.editeur.org/onix/3.1/short"><product><a001>r-1</a001><a002>03</a002>
      <productidentifier><b221>15</b221><b244>9782070360024</b244></productidentifier>
      <descriptivedetail><b012>BC</b012>
      <collection><titledetail><b202>01</b202><titleelement><x409>02</x409><x410>2</x410><b203>Folio</b203></titleelement></titledetail></collection>
      <titledetail><b202>01</b202><titleelement><x409>01</x409><b030>L’</b030><b031>Étranger</b031></titleelement></titledetail>
      <contributor><b035>A01</b035><b039>Albert</b039><b040>Camus</b040></contributor>
      <language><b253>01</b253><b252>fre</b252></language><extent><b218>00</b218><b219>191</b219><b220>03</b220></extent></descriptivedetail>
      <collateraldetail><textcontent><x426>03</x426><d104>Un texte.</d104></textcontent></collateraldetail>
      <publishingdetail><publisher><b291>01</b291><b081>Gallimard</b081></publisher>
      <publishingdate><x448>01</x448><b306>19720107</b306></publishingdate></publishingdetail>
      <productsupply><supplydetail><j396>21</j396><price><x462>04</x462><j151>7.50</j151><j152>EUR</j152>
      <territory><x449>FR</x449></territory></price></supplydetail></productsupply></product></ONIXmessage>""",
    "2.1 reference": f"""<!DOCTYPE ONIXMessage SYSTEM "http://onix.example/2.1.dtd"><ONIXMessage><Product>{REFERENCE}
      <ProductIdentifier><ProductIDType>02</ProductIDType><IDValue>2-07-036002-4</IDValue></ProductIdentifier>
      <ProductForm>BC</ProductForm>
      <Series><TitleOfSeries>Folio</TitleOfSeries><NumberWithinSeries>2</NumberWithinSeries></Series>
      <Title><TitleType>01</TitleType><TitlePrefix>L’</TitlePrefix>
      <TitleWithoutPrefix>&Eacute;tranger</TitleWithoutPrefix></Title>
      <Contributor><ContributorRole>A01</ContributorRole>
      <PersonNameInverted>Camus, Albert</PersonNameInverted></Contributor>
      <Language><LanguageRole>01</LanguageRole><LanguageCode>fre</LanguageCode></Language><NumberOfPages>191</NumberOfPages>
      <OtherText><TextTypeCode>01</TextTypeCode><Text>Un texte.</Text></OtherText>
      <Publisher><PublishingRole>01</PublishingRole><PublisherName>Gallimard</PublisherName></Publisher>
      <PublicationDate>19720107</PublicationDate>
      <SupplyDetail><AvailabilityCode>IP</AvailabilityCode><Price><PriceTypeCode>04</PriceTypeCode><PriceAmount>7.50</PriceAmount>
      <CurrencyCode>EUR</CurrencyCode><CountryCode>FR</CountryCode></Price></SupplyDetail></Product></ONIXMessage>""",
    "2.1 short": """<ONIXmessage><product><a001>r-1</a001><a002>03</a002><b004>2070360024</b004><b012>BC</b012>
      <series><b018>Folio</b018><b019>2</b019></series><title><b202>01</b202><b203>L’Étranger</b203></title>
      <contributor><b035>A01</b035><b036>Albert Camus</b036></contributor><b059>fre</b059><b061>191</b061>
      <othertext><d102>01</d102><d104>Un texte.</d104></othertext>
      <publisher><b291>01</b291><b081>Gallimard</b081></publisher>
      <b003>19720107</b003><supplydetail><j141>IP</j141><price><j148>04</j148><j151>7.50</j151><j152>EUR</j152><b251>FR</b251></price>
      </supplydetail></product></ONIXmessage>""",
}  # fmt: skip


@pytest.mark.parametrize("release", TWINS)
def test_the_same_book_in_any_release_is_the_same_record(release) -> None:
    """Reference or short tags, 2.1 or 3.x: one book, one record."""
    first = read(TWINS["3.0 reference"]).record
    assert (
        first.title,
        first.collection,
        first.volume,
        first.price_cents,
        first.published_on,
        first.page_count,
        first.sellable,
    ) == ("L’Étranger", "Folio", "2", 750, "1972-01-07", 191, True)
    assert first == read(TWINS[release]).record


EBOOK_TWINS = (
    f"""<ONIXMessage release="3.0"><Product>{REFERENCE}
      <ProductIdentifier><ProductIDType>15</ProductIDType><IDValue>9782072862014</IDValue></ProductIdentifier>
      <DescriptiveDetail><ProductComposition>00</ProductComposition><ProductForm>ED</ProductForm>
      <ProductFormDetail>E101</ProductFormDetail><EpubTechnicalProtection>02</EpubTechnicalProtection>
      <TitleDetail><TitleType>01</TitleType><TitleElement><TitleElementLevel>01</TitleElementLevel>
        <TitleText>Les contemplations</TitleText><Subtitle>Autrefois</Subtitle></TitleElement></TitleDetail>
      <Contributor><SequenceNumber>2</SequenceNumber><ContributorRole>A23</ContributorRole>
        <NamesBeforeKey>Charles</NamesBeforeKey><KeyNames>Baudelaire</KeyNames></Contributor>
      <Contributor><SequenceNumber>1</SequenceNumber><ContributorRole>A01</ContributorRole>
        <NamesBeforeKey>Victor</NamesBeforeKey><KeyNames>Hugo</KeyNames></Contributor>
      <Language><LanguageRole>01</LanguageRole><LanguageCode>fre</LanguageCode></Language>
      <Subject><SubjectSchemeIdentifier>29</SubjectSchemeIdentifier><SubjectCode>3638</SubjectCode></Subject>
      </DescriptiveDetail>
      <PublishingDetail><Imprint><ImprintName>Folio</ImprintName></Imprint>
      <PublishingDate><PublishingDateRole>01</PublishingDateRole><Date>20261215</Date></PublishingDate>
      <PublishingDate><PublishingDateRole>02</PublishingDateRole><Date>20261215</Date></PublishingDate></PublishingDetail>
      <ProductSupply><SupplyDetail><ProductAvailability>10</ProductAvailability>
        <Price><PriceType>42</PriceType><PriceQualifier>16</PriceQualifier><PriceAmount>29.99</PriceAmount>
        <CurrencyCode>EUR</CurrencyCode></Price>
        <Price><PriceType>42</PriceType><PriceAmount>5.99</PriceAmount><CurrencyCode>EUR</CurrencyCode></Price>
      </SupplyDetail></ProductSupply></Product></ONIXMessage>""",
    f"""<ONIXMessage><Product>{REFERENCE}
      <ProductIdentifier><ProductIDType>03</ProductIDType><IDValue>9782072862014</IDValue></ProductIdentifier>
      <ProductForm>DG</ProductForm><EpubType>029</EpubType>
      <Title><TitleType>01</TitleType><TitleText>Les contemplations</TitleText><Subtitle>Autrefois</Subtitle></Title>
      <Contributor><SequenceNumber>1</SequenceNumber><ContributorRole>A01</ContributorRole>
        <PersonNameInverted>Hugo, Victor</PersonNameInverted></Contributor>
      <Contributor><SequenceNumber>2</SequenceNumber><ContributorRole>A23</ContributorRole>
        <PersonName>Charles Baudelaire</PersonName></Contributor>
      <Language><LanguageRole>01</LanguageRole><LanguageCode>fre</LanguageCode></Language>
      <Subject><SubjectSchemeIdentifier>29</SubjectSchemeIdentifier><SubjectCode>3638</SubjectCode></Subject>
      <Imprint><ImprintName>Folio</ImprintName></Imprint><PublicationDate>20261215</PublicationDate>
      <SupplyDetail><AvailabilityCode>NP</AvailabilityCode><OnSaleDate>20261215</OnSaleDate>
        <Price><PriceTypeCode>42</PriceTypeCode><PriceQualifier>16</PriceQualifier><PriceAmount>29.99</PriceAmount>
        <CurrencyCode>EUR</CurrencyCode></Price>
        <Price><PriceTypeCode>42</PriceTypeCode><PriceAmount>5.99</PriceAmount><CurrencyCode>EUR</CurrencyCode></Price>
      </SupplyDetail></Product></ONIXMessage>""",
)


def test_the_same_download_under_embargo_is_the_same_record() -> None:
    """Forms of list 150 and of list 7, embargo as a publishing date or as the day of sale, never a library's price."""
    new, old = (read(message).record for message in EBOOK_TWINS)
    assert (new.subcategory, new.price_cents, new.sellable) == ("LIVRE_NUMERIQUE", 599, True)
    assert str(new.sellable_from) == "2026-12-14 23:00:00+00:00"
    assert [one.name for one in new.contributors] == ["Victor Hugo", "Charles Baudelaire"]
    assert new == old

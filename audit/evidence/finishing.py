"""The last touches on a PDF: metadata that names what it is and which record it prints (PDF/A-3a, PDF/UA-1)."""

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" pdfaid:part="3" pdfaid:conformance="A"/>
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" pdfuaid:part="1"/>
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>{creator}</rdf:li></rdf:Seq></dc:creator>
<dc:language><rdf:Bag><rdf:li>en</rdf:li></rdf:Bag></dc:language>
</rdf:Description>
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="Countersign"
 xmp:CreateDate="{created}" xmp:ModifyDate="{created}"/>
<rdf:Description rdf:about="" xmlns:pdf="http://ns.adobe.com/pdf/1.3/" pdf:Producer="{producer}"/>
<rdf:Description rdf:about="" xmlns:cs="urn:countersign:evidence:1" cs:recordDigest="{digest}"/>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag>
<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>Countersign evidence</pdfaSchema:schema>
<pdfaSchema:namespaceURI>urn:countersign:evidence:1</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>cs</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>recordDigest</pdfaProperty:name><pdfaProperty:valueType>Text</pdfaProperty:valueType>
<pdfaProperty:category>external</pdfaProperty:category>
<pdfaProperty:description>SHA-256 of the attached record.json, in hexadecimal</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property></rdf:li>
<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property></rdf:li>
</rdf:Bag></pdfaExtension:schemas></rdf:Description>
</rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


def finish(pdf: Any, told: Mapping[str, str]) -> None:
    """Replace the metadata packet, show the title instead of the file's name, and name each attachment once."""
    quoted = {name: escape(value, {'"': "&quot;"}) for name, value in told.items()}
    packet = pdf.objects[int(pdf.catalog["Metadata"].split()[0])]
    packet.stream = [_PACKET.format(**quoted).encode()]
    packet.compress = False  # whoever looks for the packet in the bytes finds it
    preferences = pdf.catalog.setdefault("ViewerPreferences", type(pdf.catalog)())
    preferences["DisplayDocTitle"] = "true"
    _name_once(pdf.catalog["AF"])


def _name_once(attached: list[Any]) -> None:
    """Drop what is listed twice; the embedding library lists each file by its name and by its kind."""
    for reference in dict.fromkeys(attached):
        while attached.count(reference) > 1:
            attached.pop(len(attached) - 1 - attached[::-1].index(reference))

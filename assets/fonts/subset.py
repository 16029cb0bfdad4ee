"""How the fonts here were made of their originals (see README.md): cut to what is drawn, renamed because of reserved names."""
import sys
from fontTools import subset
from fontTools.ttLib import TTFont

def cut(source, target, family, style, unicodes, features=("kern", "liga", "calt", "ccmp", "locl", "mark", "mkmk", "tnum")):
    options = subset.Options()
    options.layout_features = list(features)
    options.hinting = False
    options.desubroutinize = False
    options.notdef_outline = True
    options.glyph_names = False
    options.name_IDs = [0, 1, 2, 4, 6, 13, 14]
    options.drop_tables += ["DSIG", "STAT", "meta"]
    font = subset.load_font(source, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=unicodes)
    subsetter.subset(font)
    for record in list(font["name"].names):
        if record.nameID in (1, 2, 4, 6):
            text = {1: family, 2: style, 4: f"{family} {style}", 6: f"{family}-{style}".replace(" ", "")}[record.nameID]
            font["name"].setName(text, record.nameID, record.platformID, record.platEncID, record.langID)
    font["name"].names = [n for n in font["name"].names if n.platformID == 3 and n.langID == 0x409]
    font.save(target)

def span(*pairs):
    return [c for a, b in pairs for c in range(a, b + 1)]

LATIN = span((0x20, 0x7E), (0xA0, 0x17F), (0x180, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x45F), (0x1E00, 0x1EFF),
             (0x2000, 0x206F), (0x2070, 0x209C), (0x20A0, 0x20BF), (0x2100, 0x214F), (0x2190, 0x21FF), (0x2200, 0x22FF),
             (0x2500, 0x257F), (0x25A0, 0x25FF), (0x2713, 0x2718), (0xFFFD, 0xFFFD))
HANGUL = span((0x20, 0x7E), (0xA0, 0xFF), (0x1100, 0x11FF), (0x2010, 0x2027), (0x2030, 0x203B), (0x2190, 0x2199), (0x2460, 0x2473),
              (0x25A0, 0x25FF), (0x3000, 0x303F), (0x3040, 0x30FF), (0x3130, 0x318F), (0xAC00, 0xD7A3), (0xFF01, 0xFF5E), (0xFFE0, 0xFFE6))
EMOJI = span((0x203C, 0x203C), (0x2049, 0x2049), (0x20E3, 0x20E3), (0x2122, 0x2122), (0x2139, 0x2139), (0x2194, 0x21AA), (0x231A, 0x23FF),
             (0x24C2, 0x24C2), (0x25AA, 0x25FE), (0x2600, 0x27BF), (0x2934, 0x2935), (0x2B05, 0x2B55), (0x3030, 0x303D),
             (0x1F004, 0x1F004), (0x1F0CF, 0x1F0CF), (0x1F170, 0x1F19A), (0x1F1E6, 0x1F1FF), (0x1F201, 0x1F265), (0x1F300, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F7E0, 0x1F7F0),
             (0x1F90C, 0x1FAFF)) + [0x200D, 0xFE0E, 0xFE0F]

if __name__ == "__main__":
    inter, semibold, nanum, emoji, out = sys.argv[1:6]
    cut(inter, f"{out}/latin-regular.otf", "Yoman Latin", "Regular", LATIN)
    cut(semibold, f"{out}/latin-semibold.otf", "Yoman Latin", "SemiBold", LATIN)
    cut(nanum, f"{out}/hangul-regular.ttf", "Yoman Hangul", "Regular", HANGUL, ("ccmp", "ljmo", "vjmo", "tjmo"))
    cut(emoji, f"{out}/emoji-regular.ttf", "Yoman Emoji", "Regular", EMOJI, ("ccmp", "liga", "rlig"))

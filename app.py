"""The app's navigation, from the list of pages."""

import streamlit as st

from pages import PAGES
from pages.ui import sharing, shell, sign_in, source, warm

st.set_page_config(
    page_title="PRH Explorer", page_icon="🏛️", layout="wide", initial_sidebar_state=272
)

pages = {
    page.topic: st.Page(page.script, title=page.title, url_path=page.url, default=not page.url)
    for page in PAGES
}
shown = st.navigation(list(pages.values()), position="hidden")
sign_in.admit()
st.set_page_config(page_title=f"{shown.title} · PRH Explorer")
warm.up()
with st.sidebar:
    shell.navigate(pages)
    source.show_source()
    sign_in.show_reader()
sharing.follow()
shown.run()
